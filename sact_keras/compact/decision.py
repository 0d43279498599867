"""Decisions in the compact executor."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from sact_keras.kernels.types import Tensor
from sact_keras.layers import Decision, PolicyDecision


class CompactDecision(tf.Module):
    """A block's decision, asked unit by unit, in TensorFlow.

    This class asks the Keras layer itself, as `AdaptiveBlock` does, and so serves every
    decision. Subclasses are forms of one method's decision that cost less; see
    `sact_keras.compact.blocks`.

    Args:
        decision: The layer, built.

    Attributes:
        reads_pooled: Whether it looks at means over the positions only. The block then
            keeps these up to date, at the cost of the images that change.
        weighs: Whether masks may weigh what they keep, in (0, 1].
        reads_features: Whether it looks at features, or changes them.
        spatial: Whether masks are of positions.
    """

    reads_pooled = False
    reads_features = True

    def __init__(self, decision: Decision, name: str | None = None) -> None:
        super().__init__(name=name)
        self.decision = decision
        self.weighs = decision.weighs
        self.spatial = decision.spatial
        # Of a subclass nobody knows what it looks at.
        self.reads_features = type(decision) not in (Decision, PolicyDecision)
        # tf.Module finds variables, not those in Keras' wrappers.
        self._variables = [variable.value for variable in decision.variables]

    def start(self, features: Tensor, policy: Tensor | None) -> Any:
        """Begins a block; returns the state for its first unit.

        Args:
            features: The block's input, [N, H, W, channels].
            policy: The block's part of a policy, [N, units]; None where there is none.
        """
        given = {} if policy is None else {"policy": policy}
        return self.decision.start(features, training=False, **given)

    def before_unit(
        self, index: int, features: Tensor, pooled: Tensor | None, state: Any
    ) -> tuple[Tensor | None, Any]:
        """Decides where a unit runs: the mask, or None for everywhere; the new state.

        Args:
            index: The unit's place in the block.
            features: Its input, [N, H, W, channels].
            pooled: The input's means over the positions, [N, channels], where
                `reads_pooled`.
            state: What the last call returned.
        """
        del pooled
        return self.decision.before_unit(index, features, state, training=False)

    def overrule(
        self, index: int, mask: Tensor | None, state: Any, given: Sequence[Tensor]
    ) -> tuple[Tensor | None, Any]:
        """Takes masks that were handed over; see `Decision.overrule`."""
        return self.decision.overrule(index, mask, state, given)

    def after_unit(self, index: int, outputs: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Sees what a unit made: what the next one reads; the new state."""
        return self.decision.after_unit(index, outputs, state, training=False)

    def finish(self, outputs: Tensor, state: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """Ends a block: its output, and what there is to report."""
        return self.decision.finish(outputs, state)
