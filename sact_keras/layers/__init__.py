"""Keras layers: residual units, the decisions about them, and the block of both."""

from sact_keras.layers.adaptive_block import AdaptiveBlock
from sact_keras.layers.batch_norm import BatchNorm
from sact_keras.layers.bottleneck_unit import BottleneckUnit
from sact_keras.layers.convolution_stem import ConvolutionStem
from sact_keras.layers.cost import Cost
from sact_keras.layers.decision import Decision
from sact_keras.layers.droppable_base import DroppableBase
from sact_keras.layers.droppable_bottleneck import DroppableBottleneck
from sact_keras.layers.droppable_unit import DroppableUnit
from sact_keras.layers.gate_decision import GateDecision
from sact_keras.layers.gumbel_decision import GumbelDecision
from sact_keras.layers.halting import Halting
from sact_keras.layers.halting_branch import HaltingBranch
from sact_keras.layers.halting_decision import HaltingDecision
from sact_keras.layers.image_gate import ImageGate
from sact_keras.layers.image_halting import ImageHalting
from sact_keras.layers.linear_classifier import LinearClassifier
from sact_keras.layers.mask_decision import MaskDecision
from sact_keras.layers.mask_unit import MaskUnit
from sact_keras.layers.masked_execution import execute_masked
from sact_keras.layers.normalized_classifier import NormalizedClassifier
from sact_keras.layers.normalized_stem import NormalizedStem
from sact_keras.layers.policy_decision import PolicyDecision
from sact_keras.layers.pooled_stem import PooledStem
from sact_keras.layers.postactivation_base import PostactivationBase
from sact_keras.layers.postactivation_bottleneck import PostactivationBottleneck
from sact_keras.layers.postactivation_unit import PostactivationUnit
from sact_keras.layers.preactivation_unit import PreactivationUnit
from sact_keras.layers.replica_seed_generator import ReplicaSeedGenerator
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
    "DroppableBase",
    "DroppableBottleneck",
    "DroppableUnit",
    "GateDecision",
    "GumbelDecision",
    "Halting",
    "HaltingBranch",
    "HaltingDecision",
    "ImageGate",
    "ImageHalting",
    "LinearClassifier",
    "MaskDecision",
    "MaskUnit",
    "NormalizedClassifier",
    "NormalizedStem",
    "PolicyDecision",
    "PooledStem",
    "PostactivationBase",
    "PostactivationBottleneck",
    "PostactivationUnit",
    "PreactivationUnit",
    "ReplicaSeedGenerator",
    "ResidualUnit",
    "SpatialHalting",
    "Style",
    "execute_masked",
]
