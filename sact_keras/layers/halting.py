"""Halting: when to stop, and how much each unit's state then counts.

Adaptive computation time (Graves 2016, arXiv 1603.08983, section 2.1), elementwise,
so that the same function serves whole images (ACT) and positions (SACT; Figurnov et
al. 2017, equations 4 to 9).

Unit l of a block yields a halting score h_l in (0, 1). An element halts at the first
unit N at which the scores add up to 1 - eps or more; at the last unit it always does.
Its halting distribution is p_l = h_l before N, the remainder R = 1 - (h_1 + ... +
h_{N-1}) at N, and 0 after. Its ponder cost is N + R. N has no gradient: the cost pulls
up every score before N, by one each, and none from N on.
"""

from typing import NamedTuple

from keras import ops

from sact_keras.kernels.types import Tensor


class Halting(NamedTuple):
    """How far each element has come, after some units of a block.

    Attributes:
        running: Whether the next unit runs, bool.
        cumulative: Sum of all scores so far, float32. It grows on after halting.
        remainder: 1 minus the scores before the unit that halts, float32.
        num_units: Units executed so far, int32.
    """

    running: Tensor
    cumulative: Tensor
    remainder: Tensor
    num_units: Tensor

    @classmethod
    def start(cls, shape: tuple) -> "Halting":
        """The state before the first unit, which runs for every element.

        Example:
            >>> state = Halting.start((1,))
            >>> for score in (0.01, 0.5, 0.6):
            ...     share, state = state.advance(ops.array([score]), 0.99)
            ...     print(f"{float(share[0]):.2f}", end=" ")
            0.01 0.50 0.49
            >>> f"{float(state.ponder_cost()[0]):.2f}"
            '3.49'
        """
        return cls(
            running=ops.ones(shape, dtype="bool"),
            cumulative=ops.zeros(shape, dtype="float32"),
            remainder=ops.ones(shape, dtype="float32"),
            num_units=ops.zeros(shape, dtype="int32"),
        )

    def advance(
        self, score: Tensor | None, threshold: Tensor | float
    ) -> tuple[Tensor, "Halting"]:
        """Takes the halting score of the unit that has just run.

        Args:
            score: h_l in (0, 1), of the elements' shape; None after the last unit,
                where every element halts.
            threshold: An element halts once its scores sum to it: 1 - eps.

        Returns:
            The unit's share p_l of the block's output, float32, and the new state.
        """
        num_units = self.num_units + ops.cast(self.running, "int32")
        if score is None:
            share = ops.where(self.running, self.remainder, 0.0)
            running = ops.zeros_like(self.running)
            return share, self._replace(running=running, num_units=num_units)
        # A sum in lower precision would be off by more than eps.
        score = ops.cast(score, "float32")
        cumulative = self.cumulative + score
        goes_on = ops.logical_and(self.running, cumulative < threshold)
        halts = ops.logical_and(self.running, ops.logical_not(goes_on))
        spent = ops.where(goes_on, score, 0.0)
        share = spent + ops.where(halts, self.remainder, 0.0)
        return share, Halting(goes_on, cumulative, self.remainder - spent, num_units)

    def ponder_cost(self) -> Tensor:
        """N + R of elements that have all halted, float32."""
        return ops.cast(self.num_units, "float32") + self.remainder
