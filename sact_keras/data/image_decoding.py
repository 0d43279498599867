"""Decodes JPEG and PNG, and of a JPEG only the rows and columns that are kept."""

import tensorflow as tf

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def image_shape(encoded: tf.Tensor) -> tf.Tensor:
    """Returns an encoded image's height and width, without decoding it.

    Args:
        encoded: string scalar, a JPEG or a PNG, whatever its name says.

    Returns:
        int32 `[2]`.

    Raises:
        tf.errors.InvalidArgumentError: if it is neither, or a JPEG of four channels
            (CMYK), of which it is not known what its colours mean.
    """

    def of_png() -> tf.Tensor:
        size = tf.strings.substr(encoded, 16, 8)  # In the chunk that always is first.
        width_and_height = tf.io.decode_raw(size, tf.int32, little_endian=False)
        return tf.ensure_shape(width_and_height, [2])[::-1]

    def of_jpeg() -> tf.Tensor:
        shape = tf.io.extract_jpeg_shape(encoded)
        with tf.control_dependencies([tf.debugging.assert_less(shape[2], 4)]):
            return shape[:2]

    return tf.cond(_is_png(encoded), of_png, of_jpeg)


def decode_window(
    encoded: tf.Tensor, window: tf.Tensor, *, ratio: int = 1
) -> tf.Tensor:
    """Decodes a window of an image; grey becomes colour, transparency is dropped.

    The rows and columns are those of the whole image decoded, except that the first
    and last column of the window may differ by the interpolation of the colour where
    a JPEG has it at half resolution.

    Args:
        encoded: string scalar, a JPEG or a PNG.
        window: int32 `[4]`: top, left, height and width, in pixels of the image
            divided by `ratio`.
        ratio: 1, 2, 4 or 8: a JPEG is decoded at this fraction of its size, which is
            much quicker; a PNG is decoded whole and every `ratio`-th pixel taken.

    Returns:
        uint8 `[height, width, 3]`.

    Raises:
        tf.errors.InvalidArgumentError: if it cannot be decoded.
    """

    def of_png() -> tf.Tensor:
        image = tf.io.decode_png(encoded, channels=3)[::ratio, ::ratio]
        begin, size = tf.pad(window[:2], [[0, 1]]), window[2:]
        return tf.slice(image, begin, tf.concat([size, [3]], axis=0))

    def of_jpeg() -> tf.Tensor:
        return tf.raw_ops.DecodeAndCropJpeg(
            contents=encoded, crop_window=window, channels=3, ratio=ratio
        )

    image = tf.cond(_is_png(encoded), of_png, of_jpeg)
    return tf.ensure_shape(image, [None, None, 3])


def _is_png(encoded: tf.Tensor) -> tf.Tensor:
    return tf.strings.substr(encoded, 0, len(PNG_SIGNATURE)) == PNG_SIGNATURE
