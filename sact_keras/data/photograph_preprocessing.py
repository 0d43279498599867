"""The preprocessing of each original's ImageNet networks, an image at a time."""

import dataclasses
from collections.abc import Callable

import tensorflow as tf

from sact_keras.data.inception_distortion import prepare_for_training
from sact_keras.data.inception_preprocessing import prepare_for_evaluation

#: How many numbers the seed of an image's distortion has.
SEED_LENGTH = 4


@dataclasses.dataclass(frozen=True)
class PhotographPreprocessing:
    """How one original turns encoded photographs into its network's input.

    Attributes:
        for_training: of the encoded image, boxes, a seed and the image size.
        for_evaluation: of the encoded image and the image size.
    """

    for_training: Callable[[tf.Tensor, tf.Tensor, tf.Tensor, int], tf.Tensor]
    for_evaluation: Callable[[tf.Tensor, int], tf.Tensor]


#: The preprocessing of each original's ImageNet networks.
PHOTOGRAPH_PREPROCESSING = {
    "sact": PhotographPreprocessing(prepare_for_training, prepare_for_evaluation),
}


def get_photograph_preprocessing(name: str) -> PhotographPreprocessing:
    """Returns an entry of the table, or raises a ValueError that lists them."""
    if name not in PHOTOGRAPH_PREPROCESSING:
        raise ValueError(
            f"`preprocessing` must be one of {sorted(PHOTOGRAPH_PREPROCESSING)} for "
            f"ImageNet. Received: preprocessing={name!r}"
        )
    return PHOTOGRAPH_PREPROCESSING[name]
