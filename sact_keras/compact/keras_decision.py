"""Decisions of Keras layers in the compact executor."""

from collections.abc import Sequence
from typing import Any

from sact_keras.compact.decision import CompactDecision
from sact_keras.kernels.types import Tensor
from sact_keras.layers import Decision, PolicyDecision


class KerasDecision(CompactDecision):
    """Asks the Keras layer itself, as `AdaptiveBlock` does, and so serves every one.

    Args:
        decision: The layer, built.

    Example:
        >>> import tensorflow as tf
        >>> layer = Decision()
        >>> layer.build((None, 8, 8, 4))
        >>> decision = KerasDecision(layer)
        >>> state = decision.start(tf.zeros((2, 8, 8, 4)))
        >>> decision.before_unit(0, tf.zeros((2, 8, 8, 4)), None, state)
        (None, None)
    """

    def __init__(self, decision: Decision, name: str | None = None) -> None:
        super().__init__(name=name)
        self.decision = decision
        self.weighs = decision.weighs
        self.spatial = decision.spatial
        # Of a subclass nobody knows what it looks at.
        self.reads_features = type(decision) not in (Decision, PolicyDecision)
        # tf.Module finds variables, not those in Keras' wrappers.
        self._variables = [variable.value for variable in decision.variables]

    def start(
        self,
        features: Tensor,
        policy: Tensor | None = None,
        compute_budget: Tensor | None = None,
    ) -> Any:
        """Begins a block; see `Decision.start`."""
        given = {} if policy is None else {"policy": policy}
        if compute_budget is not None and self.decision.takes_budget:
            given["compute_budget"] = compute_budget
        return self.decision.start(features, training=False, **given)

    def before_unit(
        self, index: int, features: Tensor, looked: Tensor | None, state: Any
    ) -> tuple[Tensor | None, Any]:
        """Decides where a unit runs; see `Decision.before_unit`."""
        del looked
        return self.decision.before_unit(index, features, state, training=False)

    def overrule(
        self, index: int, mask: Tensor | None, state: Any, given: Sequence[Tensor]
    ) -> tuple[Tensor | None, Any]:
        """Takes masks that were handed over; see `Decision.overrule`."""
        return self.decision.overrule(index, mask, state, given)

    def after_unit(self, index: int, outputs: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Sees what a unit made; see `Decision.after_unit`."""
        return self.decision.after_unit(index, outputs, state, training=False)

    def finish(self, outputs: Tensor, state: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """Ends a block; see `Decision.finish`."""
        return self.decision.finish(outputs, state)
