"""Which decisions of a network differ between two versions of an image."""

from collections.abc import Sequence

import tensorflow as tf

from sact_keras.training.unit_rates import executed_shares


def changed_decisions(
    masks: Sequence[tf.Tensor], reference: Sequence[tf.Tensor]
) -> tf.Tensor:
    """Share of the decisions about each unit that are not those of the reference.

    Args:
        masks: One a unit, [N] or [N, h, w] of zeros and ones.
        reference: Those of another version of the same images.

    Returns:
        [N, units]: of an image's one decision, or of its positions, in [0, 1].

    Example:
        >>> masks = [tf.constant([1.0]), tf.constant([[[1.0, 0.0], [0.0, 0.0]]])]
        >>> reference = [tf.constant([1.0]), tf.constant([[[0.0, 1.0], [0.0, 0.0]]])]
        >>> changed_decisions(masks, reference).numpy().tolist()
        [[0.0, 0.5]]
    """
    return executed_shares(
        [
            tf.cast(tf.not_equal(mask, other), tf.float32)
            for mask, other in zip(masks, reference, strict=True)
        ]
    )
