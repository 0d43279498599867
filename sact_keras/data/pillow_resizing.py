"""Resizes photographs to the 8-bit pixels that Pillow makes of them."""

import tensorflow as tf

# Pillow rounds halves up. Of a half that is a sum in float32 a little may be missing.
_HALF = 0.5 + 2**-14


def resize_as_pillow(
    image: tf.Tensor, image_size: int, scale: tf.Tensor, translation: tf.Tensor
) -> tf.Tensor:
    """Resizes by Pillow's bilinear filter, and keeps a square of what comes out.

    Where an image becomes smaller the filter is as wide as a pixel of the result is
    in the source: it smooths. The rows are resized first and then the columns, and the
    result of each is rounded to whole numbers. (From version 13 on Pillow begins with
    the columns where the height shrinks by much more than the width. The originals are
    older.)

    Pillow's weights have 22 bits, these 24: a value that lies nearly halfway between
    two whole numbers may be off by 1, and hardly ever by 2. Of a photograph's values
    that is one in a few hundred, and one in forty where the sides are as 5 to 4.

    Args:
        image: uint8 `[height, width, 3]`: the whole of the source, or a part of it
            that reaches as far as the filter does.
        image_size: the height and width to return.
        scale: float32 `[2]`: pixels of the result to one of the source, down and
            across.
        translation: float32 `[2]`: where in the result the upper left corner of
            `image` is, in pixels; negative if it is cut off.

    Returns:
        Whole numbers in [0, 255], float32 `[image_size, image_size, 3]`.

    Example:
        >>> image = tf.constant([[[0] * 3, [100] * 3]], tf.uint8)
        >>> half = resize_as_pillow(image, 1, tf.constant([1.0, 0.5]), tf.zeros([2]))
        >>> half.numpy()
        array([[[50., 50., 50.]]], dtype=float32)
    """
    across = tf.cast(tf.transpose(image, [1, 0, 2]), tf.float32)
    across = _resize_first_axis(across, image_size, scale[1], translation[1])
    down = tf.transpose(across, [1, 0, 2])
    return _resize_first_axis(down, image_size, scale[0], translation[0])


def _resize_first_axis(
    image: tf.Tensor, length: int, scale: tf.Tensor, translation: tf.Tensor
) -> tf.Tensor:
    """Resizes `[old length, n, 3]` to `[length, n, 3]`, and rounds."""
    others = tf.shape(image)[1]
    # The rest of the image as the channels of a column: the operation is then as fast
    # as one that resizes both axes at once, without the rounding in between.
    resized = tf.raw_ops.ScaleAndTranslate(
        images=tf.reshape(image, [1, tf.shape(image)[0], 1, 3 * others]),
        size=[length, 1],
        scale=tf.stack([scale, 1.0]),
        translation=tf.stack([translation, 0.0]),
        kernel_type="triangle",
        antialias=True,
    )
    return tf.floor(tf.reshape(resized, [length, others, 3]) + _HALF)
