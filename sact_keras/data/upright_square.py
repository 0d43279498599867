"""The middle square of an image file, upright and resized."""

import tensorflow as tf

from sact_keras.data.exif_orientation import read_orientation, set_upright, turns
from sact_keras.data.image_decoding import EXACT_DCT, decode_window


def read_upright_square(encoded: tf.Tensor, image_size: int) -> tf.Tensor:
    """Decodes the middle square of an image as it looks, and resizes it.

    It is set upright as its Exif says, cropped in the middle to its shorter side, and
    resized bilinearly, averaging over what becomes one pixel. An image that is upright
    and of that size already stays as it is.

    Args:
        encoded: string scalar, a JPEG or a PNG.
        image_size: the height and width to return.

    Returns:
        uint8 `[image_size, image_size, 3]`.

    Raises:
        tf.errors.InvalidArgumentError: if the image cannot be decoded.

    Example:
        >>> jpeg = tf.io.encode_jpeg(tf.zeros([30, 40, 3], tf.uint8))
        >>> read_upright_square(jpeg, 24).shape
        TensorShape([24, 24, 3])
    """
    orientation = read_orientation(encoded)
    exchanged, *flipped = turns(orientation)
    # Of an odd rest one side loses a pixel more: the same one as of the image upright.
    flips = tf.cast(tf.stack(flipped), tf.int32)
    later_first = tf.where(exchanged, tf.reverse(flips, [0]), flips)

    def middle(shape: tf.Tensor) -> tf.Tensor:
        side = tf.reduce_min(shape)
        corner = (shape - side + later_first) // 2
        return tf.concat([corner, [side, side]], axis=0)

    square = decode_window(encoded, middle, dct_method=EXACT_DCT)
    size = [image_size, image_size]
    resized = tf.round(tf.image.resize(square, size, antialias=True))
    upright = set_upright(tf.saturate_cast(resized, tf.uint8), orientation)
    return tf.ensure_shape(upright, [*size, 3])


def decode_upright(encoded: tf.Tensor) -> tf.Tensor:
    """Decodes a JPEG or a PNG as it looks, at its own size.

    Args:
        encoded: string scalar.

    Returns:
        uint8 `[height, width, 3]`.

    Raises:
        tf.errors.InvalidArgumentError: if it cannot be decoded.

    Example:
        >>> decode_upright(tf.io.encode_png(tf.zeros([3, 4, 3], tf.uint8))).shape
        TensorShape([3, 4, 3])
    """
    image = decode_window(encoded, lambda shape: tf.concat([[0, 0], shape], axis=0))
    return set_upright(image, read_orientation(encoded))
