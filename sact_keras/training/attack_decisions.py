"""Which decisions of a network differ between two versions of an image."""

from collections.abc import Sequence

import keras
import tensorflow as tf

from sact_keras.training.unit_rates import executed_shares


def deciding_units(model: keras.Model, image_size: tuple[int, int]) -> list[bool]:
    """For each residual unit, whether it is decided about at all.

    The first unit of a block with halting is not, nor is one without a gate: its mask
    is one because nobody asks.

    Args:
        model: A model of `build_model`.
        image_size: (height, width) of an image that the model takes.

    Example:
        >>> import sact_keras
        >>> model = sact_keras.build_model("sact", model="1_3_2", base_channels=4)
        >>> deciding_units(model, (32, 32))
        [False, False, True, True, False, True]
    """
    decided = []
    features = model.stem(tf.zeros((1, *image_size, 3)))
    for block in model.blocks:
        decision = block.decision
        state = decision.start(features)
        for index, unit in enumerate(block.units):
            mask, state = decision.before_unit(index, features, state)
            decided.append(mask is not None)
            features = unit(features, execution_mask=mask)
            features, state = decision.after_unit(index, features, state)
        features, _ = decision.finish(features, state)
    return decided


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
