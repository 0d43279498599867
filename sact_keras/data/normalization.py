"""From pixels to what a network takes: differentiable, and of any number of images.

All take pixels in [0, 255], 8-bit or not, `[..., height, width, 3]`, and return float32
of the same shape.
"""

from collections.abc import Callable

import tensorflow as tf

_TINY = 1e-12  # Less than any variance of pixels but 0.


def standardize_images(pixels: tf.Tensor) -> tf.Tensor:
    """Gives each image the mean 0 and the deviation 1.

    As `tf.image.per_image_standardization`, of which the gradient is not a number at an
    image of one colour: the deviation is at least that of one value in the image, of
    `n`, being off by 1, `1 / sqrt(n)`.

    Example:
        >>> standardize_images(tf.constant([[[[0, 255, 0], [255, 0, 255]]]])).numpy()
        array([[[[-1.,  1., -1.], [ 1., -1.,  1.]]]], dtype=float32)
    """
    pixels = tf.cast(pixels, tf.float32)
    axes = [-3, -2, -1]
    centred = pixels - tf.reduce_mean(pixels, axes, keepdims=True)
    variance = tf.reduce_mean(tf.square(centred), axes, keepdims=True)
    # The root has no gradient at 0.
    deviation = tf.sqrt(tf.maximum(variance, _TINY))
    size = tf.cast(tf.reduce_prod(tf.shape(pixels)[-3:]), tf.float32)
    # This bound is not under the root: a quotient by a root, and nothing else, is
    # computed in another way in a graph, and rounded differently.
    return centred / tf.maximum(deviation, tf.math.rsqrt(size))


def standardize_channels(
    mean: tuple[float, float, float], std: tuple[float, float, float]
) -> Callable[[tf.Tensor], tf.Tensor]:
    """Returns a function that computes `(pixels / 255 - mean) / std`.

    Args:
        mean: of red, green and blue, in [0, 1].
        std: their deviations, likewise.

    Example:
        >>> normalize = standardize_channels((0.5, 0.5, 0.5), (0.25, 0.5, 1.0))
        >>> normalize(tf.constant([[[255, 255, 255]]])).numpy()
        array([[[2. , 1. , 0.5]]], dtype=float32)
    """

    def normalize(pixels: tf.Tensor) -> tf.Tensor:
        return (scale_to_unit_range(pixels) - tf.constant(mean)) / tf.constant(std)

    return normalize


def scale_to_unit_range(pixels: tf.Tensor) -> tf.Tensor:
    """Brings [0, 255] to [0, 1]."""
    return tf.cast(pixels, tf.float32) / 255.0


def scale_to_symmetric_range(pixels: tf.Tensor) -> tf.Tensor:
    """Brings [0, 255] to [-1, 1]."""
    return tf.cast(pixels, tf.float32) * (2 / 255) - 1
