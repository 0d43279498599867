"""The mask units of DynConv in the compact executor."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from sact_keras.compact.decision import CompactDecision
from sact_keras.compact.folding import array, single
from sact_keras.compact.local_evidence import LocalEvidence
from sact_keras.compact.positions import Grid, neighbour_table
from sact_keras.kernels.types import Tensor
from sact_keras.layers import MaskDecision
from sact_keras.layers.compute_budget import score_threshold


class _State(NamedTuple):
    threshold: Tensor | float
    neighbours: tuple[Tensor, Tensor]


class CompactMasks(CompactDecision):
    """Mask units, each of which reads its input once; see `MaskDecision`.

    The convolution to one channel and the linear map of the means are one matrix
    product: nine columns for the kernel's nine places, a tenth whose mean over the
    positions is the linear map's.

    Args:
        decision: The layer, built.
    """

    spatial = True

    def __init__(self, decision: MaskDecision, name: str | None = None) -> None:
        super().__init__(name=name)
        self.maskers = [
            LocalEvidence(
                single(array(masker.local_conv.kernel)[..., 0]),
                strides=masker.strides,
                whole=single(array(masker.global_linear.kernel)[:, 0]),
                bias=np.float32(
                    array(masker.local_conv.bias)[0]
                    + array(masker.global_linear.bias)[0]
                ),
            )
            for masker in decision.maskers
        ]

    def start(
        self,
        features: Tensor,
        policy: Tensor | None = None,
        compute_budget: Tensor | None = None,
    ) -> _State:
        """The threshold; the neighbours on the first unit's grid and the others'."""
        del policy
        threshold = 0.0
        if compute_budget is not None:
            threshold = score_threshold(compute_budget)[:, tf.newaxis, tf.newaxis]
        grid, strides = Grid.of(features), self.maskers[0].strides
        tables = neighbour_table(grid, strides), neighbour_table(grid.coarsen(strides))
        return _State(threshold, tables)

    def before_unit(
        self,
        index: int,
        features: Tensor,
        looked: Tensor | None,
        state: _State,
    ) -> tuple[Tensor, _State]:
        """Asks the unit's mask unit."""
        del looked
        score = self.maskers[index](features, state.neighbours[min(index, 1)])
        return tf.cast(score >= state.threshold, tf.float32), state
