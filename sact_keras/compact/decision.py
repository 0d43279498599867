"""Decisions in the compact executor."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from sact_keras.kernels.types import Tensor
from sact_keras.layers.overruling import overrule

Look = Callable[[Tensor], Tensor]


class CompactDecision(tf.Module):
    """Base of decisions in the compact executor: one a block, asked unit by unit.

    What `Decision` is to `AdaptiveBlock`, this is to `MaskedBlock`, at inference and in
    TensorFlow alone. Like it, the base class decides nothing: every unit runs
    everywhere. Subclasses are forms of one method's decision that cost less than the
    Keras layer; see `sact_keras.compact.blocks`.

    Attributes:
        looks: Whether it sees no more of the features than `look` takes from them. The
            block then keeps that up to date, at the cost of the images that change.
        reads_features: Whether it looks at features, or changes them.
        weighs: Whether masks may weigh what they keep, in (0, 1].
        spatial: Whether masks are of positions.

    Example:
        >>> class Brightest(CompactDecision):
        ...     def before_unit(self, index, features, looked, state):
        ...         brightness = tf.reduce_mean(features, axis=(1, 2, 3))
        ...         return tf.cast(brightness > 0.5, tf.float32), state
        >>> images = tf.constant([0.0, 1.0], shape=(2, 1, 1, 1))
        >>> mask, state = Brightest().before_unit(0, images, looked=None, state=None)
        >>> mask.numpy().tolist()
        [0.0, 1.0]
    """

    looks: bool = False
    reads_features: bool = True
    weighs: bool = False
    spatial: bool = False

    def start(
        self,
        features: Tensor,
        policy: Tensor | None = None,
        compute_budget: Tensor | None = None,
    ) -> Any:
        """Begins a block; returns the state for its first unit.

        Args:
            features: The block's input, [N, H, W, channels].
            policy: The block's part of a policy, [N, units]; None where there is none.
            compute_budget: Moves the decision's thresholds, [N]; None leaves them.
        """
        del features, policy, compute_budget

    def look(self, features: Tensor) -> Tensor:
        """What there is to see of features, for all units that they reach unchanged.

        Args:
            features: [N, H, W, channels].

        Returns:
            [N, ...]. Of each image by itself.
        """
        raise NotImplementedError

    def before_unit(
        self, index: int, features: Tensor, looked: Tensor | None, state: Any
    ) -> tuple[Tensor | None, Any]:
        """Decides where a unit runs.

        Args:
            index: The unit's place in the block, from 0.
            features: Its input, [N, H, W, channels].
            looked: What `look` gives for the input, where the decision `looks`.
            state: What the last call returned.

        Returns:
            The mask, [N] or [N, h, w], or None for everywhere; and the new state.
        """
        del index, features, looked
        return None, state

    def overrule(
        self, index: int, mask: Tensor | None, state: Any, given: Sequence[Tensor]
    ) -> tuple[Tensor | None, Any]:
        """Takes the masks that a caller has handed over instead of what was decided.

        Args:
            index: The unit's place in the block, from 0.
            mask: What `before_unit` gave.
            state: And the state.
            given: What was handed over, for all units of the block.

        Returns:
            The mask and the state.
        """
        return overrule(mask, given[index]), state

    def after_unit(self, index: int, outputs: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Sees what a unit made.

        Args:
            index: The unit's place in the block, from 0.
            outputs: The unit's output, [N, h, w, filters].
            state: What the last call returned.

        Returns:
            What the next unit reads, [N, h, w, filters]; and the new state.
        """
        del index
        return outputs, state

    def finish(self, outputs: Tensor, state: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """Ends a block.

        Args:
            outputs: What the last unit made, [N, h, w, filters].
            state: What the last call returned.

        Returns:
            The block's output, [N, h, w, filters], and what there is to report, by
            name.
        """
        del state
        return outputs, {}
