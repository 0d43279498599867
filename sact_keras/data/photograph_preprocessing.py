"""The preprocessing of each original's ImageNet networks, an image at a time."""

import dataclasses
from collections.abc import Callable

import tensorflow as tf

from sact_keras.data import (
    inception_distortion,
    inception_preprocessing,
    torchvision_preprocessing,
)
from sact_keras.data.normalization import scale_to_symmetric_range

#: How many numbers the seed of an image's distortion has.
SEED_LENGTH = 4


@dataclasses.dataclass(frozen=True)
class PhotographPreprocessing:
    """How one original turns encoded photographs into its network's input.

    Attributes:
        for_training: from the encoded image, boxes, a seed and the image size to the
            network's input, float32 `[size, size, 3]`.
        for_evaluation: from the encoded image and the image size to pixels in
            [0, 255], float32 `[size, size, 3]`, which are yet to be normalized.
        normalize: from pixels in [0, 255], `[..., 3]`, to the network's input, float32.
            Differentiable.
    """

    for_training: Callable[[tf.Tensor, tf.Tensor, tf.Tensor, int], tf.Tensor]
    for_evaluation: Callable[[tf.Tensor, int], tf.Tensor]
    normalize: Callable[[tf.Tensor], tf.Tensor]


_TORCHVISION = PhotographPreprocessing(
    for_training=torchvision_preprocessing.prepare_for_training,
    for_evaluation=torchvision_preprocessing.crop_for_evaluation,
    normalize=torchvision_preprocessing.normalize,
)

PHOTOGRAPH_PREPROCESSING = {
    "sact": PhotographPreprocessing(
        for_training=inception_distortion.prepare_for_training,
        for_evaluation=inception_preprocessing.crop_for_evaluation,
        normalize=scale_to_symmetric_range,
    ),
    "aig": _TORCHVISION,
    "dynconv": _TORCHVISION,
    "blockdrop": _TORCHVISION,
}
"""The preprocessing of each original's ImageNet networks."""


def get_photograph_preprocessing(name: str) -> PhotographPreprocessing:
    """Returns an entry of the table, or raises a ValueError that lists them."""
    if name not in PHOTOGRAPH_PREPROCESSING:
        raise ValueError(
            f"`preprocessing` must be one of {sorted(PHOTOGRAPH_PREPROCESSING)} for "
            f"ImageNet. Received: preprocessing={name!r}"
        )
    return PHOTOGRAPH_PREPROCESSING[name]
