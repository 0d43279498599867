"""The image preprocessing of each original, on whole batches at a time."""

import dataclasses
from collections.abc import Callable

import tensorflow as tf

from sact_keras.data.normalization import (
    scale_to_unit_range,
    standardize_channels,
    standardize_images,
)


@dataclasses.dataclass(frozen=True)
class Preprocessing:
    """How one original turns images into its network's input.

    Attributes:
        padding: zeros added on each side of a training image before the random crop
            back to its own size. They are added to the 8-bit image, so that the
            border is black whatever the normalization.
        normalize: from pixels in [0, 255], 8-bit or not, `[..., height, width, 3]`,
            to the network's input, float32. Differentiable.
    """

    padding: int
    normalize: Callable[[tf.Tensor], tf.Tensor]


_CIFAR_MEAN, _CIFAR_STD = (0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)

PREPROCESSING: dict[str, Preprocessing] = {
    "sact": Preprocessing(padding=2, normalize=standardize_images),
    "aig": Preprocessing(4, standardize_channels(_CIFAR_MEAN, _CIFAR_STD)),
    "dynconv": Preprocessing(4, standardize_channels(_CIFAR_MEAN, _CIFAR_STD)),
    "blockdrop": Preprocessing(padding=4, normalize=scale_to_unit_range),
    "blockdrop_r32": Preprocessing(
        4,
        standardize_channels(
            mean=(125.3 / 255, 123.0 / 255, 113.9 / 255),
            std=(63.0 / 255, 62.1 / 255, 66.7 / 255),
        ),
    ),
}
"""The preprocessing of each original, by the name that `preprocessing=` takes."""


def get_preprocessing(name: str) -> Preprocessing:
    """Returns the entry of `PREPROCESSING`, or raises a ValueError that lists them."""
    if name not in PREPROCESSING:
        raise ValueError(
            f"`preprocessing` must be one of {sorted(PREPROCESSING)}. "
            f"Received: preprocessing={name!r}"
        )
    return PREPROCESSING[name]
