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

    def augment(self, images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Pads, crops at random and mirrors half of the images.

        Args:
            images: uint8 `[batch, height, width, channels]`, spatial size static.
            seed: int `[2]`: the same seed gives the same crops and flips.

        Returns:
            uint8 images of the shape of `images`.
        """
        return random_crop_and_flip(images, padding=self.padding, seed=seed)


def random_crop_and_flip(
    images: tf.Tensor, *, padding: int, seed: tf.Tensor
) -> tf.Tensor:
    """Crops each image out of its zero-padded self and mirrors it half of the time.

    Each of the `(2 * padding + 1) ** 2` crops is equally likely. One gather moves all
    pixels of the batch, since a crop and a flip are only a choice of rows and columns.

    Args:
        images: `[batch, height, width, channels]`, of any type; spatial size static.
        padding: zeros to add on each of the four sides.
        seed: int `[2]`, as the stateless random functions of TensorFlow take it.

    Returns:
        A tensor of the shape and type of `images`.

    Example:
        >>> images = tf.reshape(tf.range(1, 5), [1, 2, 2, 1])
        >>> random_crop_and_flip(images, padding=1, seed=(1, 2)).shape
        TensorShape([1, 2, 2, 1])
    """
    batch, channels = tf.shape(images)[0], images.shape[3]
    height, width = images.shape[1], images.shape[2]
    crop_seed, flip_seed = tf.unstack(
        tf.random.split(seed, 2, alg="philox")  # The same numbers on every device.
    )
    corners = tf.random.stateless_uniform(
        [2, batch, 1],
        crop_seed,
        minval=0,
        maxval=2 * padding + 1,
        dtype=tf.int32,
        alg="philox",
    )
    mirrored = tf.random.stateless_uniform([batch, 1], flip_seed, alg="philox") < 0.5
    columns = tf.where(mirrored, tf.range(width)[::-1], tf.range(width)) + corners[1]
    rows = tf.range(height) + corners[0]

    border = [padding, padding]
    padded = tf.pad(images, [[0, 0], border, border, [0, 0]])
    padded_height, padded_width = height + 2 * padding, width + 2 * padding
    rows += padded_height * tf.range(batch)[:, tf.newaxis]
    pixels = padded_width * rows[:, :, tf.newaxis] + columns[:, tf.newaxis, :]
    return tf.gather(tf.reshape(padded, [-1, channels]), pixels)


_CIFAR_MEAN, _CIFAR_STD = (0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)

#: The preprocessing of each original, by the name that `preprocessing=` takes.
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


def get_preprocessing(name: str) -> Preprocessing:
    """Returns the entry of `PREPROCESSING`, or raises a ValueError that lists them."""
    if name not in PREPROCESSING:
        raise ValueError(
            f"`preprocessing` must be one of {sorted(PREPROCESSING)}. "
            f"Received: preprocessing={name!r}"
        )
    return PREPROCESSING[name]
