"""Keras layers: residual units, the decisions about them, and the block of both."""

from sact_keras.layers.adaptive_block import AdaptiveBlock
from sact_keras.layers.batch_norm import BatchNorm
from sact_keras.layers.bottleneck_unit import BottleneckUnit
from sact_keras.layers.convolution_stem import ConvolutionStem
from sact_keras.layers.cost import Cost
from sact_keras.layers.decision import Decision
from sact_keras.layers.halting import Halting
from sact_keras.layers.halting_branch import HaltingBranch
from sact_keras.layers.halting_decision import HaltingDecision
from sact_keras.layers.image_halting import ImageHalting
from sact_keras.layers.masked_execution import execute_masked
from sact_keras.layers.normalized_classifier import NormalizedClassifier
from sact_keras.layers.pooled_stem import PooledStem
from sact_keras.layers.preactivation_unit import PreactivationUnit
from sact_keras.layers.residual_unit import ResidualUnit
from sact_keras.layers.spatial_halting import SpatialHalting
from sact_keras.layers.style import Style

__all__ = [
    "AdaptiveBlock",
    "BatchNorm",
    "BottleneckUnit",
    "ConvolutionStem",
    "Cost",
    "Decision",
    "Halting",
    "HaltingBranch",
    "HaltingDecision",
    "ImageHalting",
    "NormalizedClassifier",
    "PooledStem",
    "PreactivationUnit",
    "ResidualUnit",
    "SpatialHalting",
    "Style",
    "execute_masked",
]
