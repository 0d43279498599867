"""Decodes JPEG and PNG, and of a JPEG only the part that is kept."""

from collections.abc import Callable

import tensorflow as tf

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

#: Of an image, as Pillow has it. A PNG of 50 kB may take gigabytes to decode.
MAX_PIXELS = 2**28 // 3

#: As Pillow decodes JPEGs, the same on every machine. The fast transform is off
#: by up to 20 in 255, and in TensorFlow no faster.
EXACT_DCT = "INTEGER_ACCURATE"

# In bytes; the last eight are the width and the height.
_PNG_HEADER = 24

_JPEG_END = b"\xff\xd9"

# The JPEG library decodes at these fractions of the size for less.
_RATIOS = (1, 2, 4, 8)

# Of grey and of RGB; four channels are CMYK, whose colours are not defined.
_MAX_CHANNELS = 3


def decode_window(
    encoded: tf.Tensor,
    choose_window: Callable[[tf.Tensor], tf.Tensor],
    *,
    min_size: int | None = None,
    dct_method: str = "",
) -> tf.Tensor:
    """Decodes a window of an image; grey becomes colour, transparency is dropped.

    What the image is, is found out by looking at it, not by its name. A JPEG's rows
    below the window are not even read, unless it does not end as a JPEG does: one that
    was cut short is refused wherever the window lies. Its first and its last column may
    differ from those of the whole image, where the JPEG has colour at half the
    resolution: it is interpolated without what lies beyond the window.

    Args:
        encoded: string scalar, a JPEG or a PNG.
        choose_window: from the image's height and width, int32 `[2]`, to the window's
            top, left, height and width, int32 `[4]`.
        min_size: if it is given, a JPEG is decoded at a half, a quarter or an eighth of
            its size as long as the window keeps so many pixels on both sides.
        dct_method: of a JPEG, as `tf.io.decode_jpeg` takes it.

    Returns:
        uint8 `[height, width, 3]`.

    Raises:
        tf.errors.InvalidArgumentError: if it is neither JPEG nor PNG, if the window
            cannot be decoded, for a JPEG of four channels, and for an image of more
            than `MAX_PIXELS`.

    Example:
        >>> jpeg = tf.io.encode_jpeg(tf.zeros([30, 40, 3], tf.uint8))
        >>> decode_window(jpeg, lambda shape: tf.constant([5, 0, 20, 40])).shape
        TensorShape([20, 40, 3])
    """

    def of_png() -> tf.Tensor:
        image = tf.io.decode_png(drop_if_too_large(encoded), channels=3)
        window = choose_window(tf.shape(image)[:2])
        begin, size = tf.pad(window[:2], [[0, 1]]), tf.concat([window[2:], [3]], 0)
        return tf.slice(image, begin, size)

    def decode(window: tf.Tensor, ratio: int) -> tf.Tensor:
        return tf.raw_ops.DecodeAndCropJpeg(
            contents=encoded,
            crop_window=window // ratio,
            channels=3,
            ratio=ratio,
            dct_method=dct_method,
        )

    def of_jpeg() -> tf.Tensor:
        shape = tf.io.extract_jpeg_shape(encoded)
        channels = tf.where(is_too_large(shape[:2]), _MAX_CHANNELS + 1, shape[2])
        # Adds nothing; reaching beyond the end is an error, and quicker than asserting.
        refused = tf.gather(tf.zeros([_MAX_CHANNELS + 1], tf.int32), channels)
        window = choose_window(shape[:2]) + refused + _refuse_cut_jpeg(encoded)
        if min_size is None:
            return decode(window, ratio=1)
        reachable = tf.minimum(window[2], window[3]) >= [r * min_size for r in _RATIOS]
        scale = tf.reduce_sum(tf.cast(reachable[1:], tf.int32))
        return tf.switch_case(
            scale,
            [lambda ratio=ratio: decode(window, ratio) for ratio in _RATIOS],
        )

    image = tf.cond(_is_png(encoded), of_png, of_jpeg)
    return tf.ensure_shape(image, [None, None, 3])


def read_image_size(encoded: tf.Tensor) -> tf.Tensor:
    """Returns an image's height and width, from its header alone.

    Args:
        encoded: string scalar, a JPEG or a PNG.

    Returns:
        int32 `[2]`; zeros for a PNG that ends before it says.

    Raises:
        tf.errors.InvalidArgumentError: if it is neither JPEG nor PNG.

    Example:
        >>> png = tf.io.encode_png(tf.zeros([30, 40, 3], tf.uint8))
        >>> read_image_size(png).numpy()
        array([30, 40], dtype=int32)
    """

    def of_png() -> tf.Tensor:
        header = tf.io.decode_raw(
            encoded, tf.int32, little_endian=False, fixed_length=_PNG_HEADER
        )
        return header[:3:-1]

    def of_jpeg() -> tf.Tensor:
        return tf.io.extract_jpeg_shape(encoded)[:2]

    return tf.ensure_shape(tf.cond(_is_png(encoded), of_png, of_jpeg), [2])


def drop_if_too_large(encoded: tf.Tensor) -> tf.Tensor:
    """Returns an image as it is, or nothing if it has more than `MAX_PIXELS`.

    Decoding nothing fails, before memory is taken.

    Args:
        encoded: string scalar, a JPEG or a PNG.

    Raises:
        tf.errors.InvalidArgumentError: if it is neither JPEG nor PNG.

    Example:
        >>> png = tf.io.encode_png(tf.zeros([30, 40, 3], tf.uint8))
        >>> drop_if_too_large(png).numpy() == png.numpy()
        True
    """
    return tf.where(is_too_large(read_image_size(encoded)), "", encoded)


def is_too_large(size: tf.Tensor) -> tf.Tensor:
    """Returns whether an image of a height and a width has more than `MAX_PIXELS`."""
    return tf.reduce_prod(tf.cast(size, tf.int64)) > MAX_PIXELS


def _is_png(encoded: tf.Tensor) -> tf.Tensor:
    return tf.strings.substr(encoded, 0, len(PNG_SIGNATURE)) == PNG_SIGNATURE


def _refuse_cut_jpeg(encoded: tf.Tensor) -> tf.Tensor:
    """Returns 0, or fails for a JPEG whose end is missing."""

    def decode_all() -> tf.Tensor:
        # Fails if the end is missing, and not if something else follows it.
        with tf.control_dependencies([tf.io.decode_jpeg(encoded)]):
            return tf.identity(0)

    # Asked for two bytes of fewer, TensorFlow would quote them in its error, raw.
    end = tf.maximum(tf.strings.length(encoded) - len(_JPEG_END), 0)
    is_whole = tf.strings.substr(encoded, end, len(_JPEG_END)) == _JPEG_END
    return tf.cond(is_whole, lambda: tf.constant(0), decode_all)
