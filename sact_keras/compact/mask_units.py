"""The mask units of DynConv in the compact executor."""

import numpy as np
import tensorflow as tf

from sact_keras.compact.decision import CompactDecision
from sact_keras.compact.folding import array, single
from sact_keras.compact.local_evidence import LocalEvidence
from sact_keras.compact.positions import Grid, neighbour_table
from sact_keras.kernels.types import Tensor
from sact_keras.layers import MaskDecision


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

    def start(self, features: Tensor, policy: Tensor | None) -> tuple[Tensor, Tensor]:
        """The neighbours on the grids of the first unit and of the others."""
        del policy
        grid, strides = Grid.of(features), self.maskers[0].strides
        return neighbour_table(grid, strides), neighbour_table(grid.coarsen(strides))

    def before_unit(
        self,
        index: int,
        features: Tensor,
        looked: Tensor | None,
        state: tuple[Tensor, Tensor],
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Asks the unit's mask unit."""
        del looked
        score = self.maskers[index](features, state[min(index, 1)])
        return tf.cast(score >= 0, tf.float32), state
