"""What the blocks of ACT and SACT share in the compact executor."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from sact_keras.compact.carried_shifts import carry_shifts
from sact_keras.compact.unit import CompactUnit
from sact_keras.kernels.types import Tensor
from sact_keras.layers import HaltingDecision
from sact_keras.layers.compute_budget import halting_threshold
from sact_keras.layers.halting import Halting
from sact_keras.layers.overruling import overrule


class HaltingBlock(tf.Module):
    """Base of the blocks whose units run until halting scores add up to one.

    Args:
        units: The units; they are changed, see `carry_shifts`.
        decision: The layer, built.

    Attributes:
        carried: What the features carry behind each unit, [filters] each.
    """

    def __init__(
        self,
        units: Sequence[CompactUnit],
        decision: HaltingDecision,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.units = list(units)
        self.eps = decision.eps
        self.carried = carry_shifts(self.units)

    def threshold(self, compute_budget: Tensor | None) -> Tensor:
        """What scores have to sum to, in the shape of a budget, [N], or a number's."""
        if compute_budget is None:
            return tf.constant(1.0 - self.eps)
        return halting_threshold(self.eps, compute_budget)

    def overrule(self, score: Tensor, given: Tensor | None) -> Tensor:
        """The score of a unit, or one that halts where the next one's mask says so."""
        return score if given is None else overrule(score, 1.0 - given)

    def report(
        self,
        outputs: Tensor,
        masks: list[Tensor],
        shares: list[Tensor],
        halting: Halting,
    ) -> dict[str, Any]:
        """What leaves the block; see `MaskedBlock`.

        Args:
            outputs: The states added up, each times its share, [N, h, w, channels].
            masks: One a unit.
            shares: Of each unit's state, [N] or [N, h, w].
            halting: After the last unit.
        """
        distribution = tf.stack(shares, axis=-1)
        carried = np.stack(self.carried)
        if carried.any():
            # What the states carried has been added up with them.
            images_or_positions = tf.reshape(distribution, (-1, len(shares)))
            excess = tf.matmul(images_or_positions, carried)
            broad = (*tf.unstack(tf.shape(distribution)[:-1]), excess.shape[1])
            if distribution.shape.rank == 2:
                broad = (broad[0], 1, 1, broad[1])
            outputs -= tf.reshape(excess, broad)
        return {
            "outputs": outputs,
            "masks": masks,
            "ponder_cost": halting.ponder_cost(),
            "halting_distribution": distribution,
        }
