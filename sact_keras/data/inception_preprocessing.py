"""The preprocessing of ImageNet's photographs by the original: Inception's."""

import tensorflow as tf

from sact_keras.data.image_decoding import decode_window


def crop_for_evaluation(encoded: tf.Tensor, image_size: int) -> tf.Tensor:
    """Decodes the middle of an image and resizes it.

    The middle is the central 87.5% of the height and of the width, without the
    sixteenth at each edge (rounded down). It is resized as TensorFlow 1 did, by
    bilinear interpolation between source pixels at multiples of the scale, neither
    aligned at the corners nor at the pixels' centres nor smoothed, whatever the ratio
    of the sides.

    Only the rows of the middle are decoded. An image is never decoded at reduced
    scale, however large: that would be quicker and change the numbers.

    Args:
        encoded: string scalar, a JPEG or a PNG.
        image_size: the height and width to return.

    Returns:
        Pixels, float32 `[image_size, image_size, 3]`, in [0, 255].

    Raises:
        tf.errors.InvalidArgumentError: if the image cannot be decoded.

    Example:
        >>> jpeg = tf.io.encode_jpeg(tf.zeros([30, 40, 3], tf.uint8))
        >>> crop_for_evaluation(jpeg, 24).shape
        TensorShape([24, 24, 3])
    """
    # All columns are decoded and the margins cut off: the window's own edges would
    # be coloured differently, and leaving columns out of a JPEG is not quicker.
    rows = decode_window(encoded, _middle_rows)
    width = tf.shape(rows)[1]
    image = rows[:, width // 16 : width - width // 16]
    resized = tf.raw_ops.ResizeBilinear(
        images=tf.cast(image, tf.float32)[tf.newaxis],
        size=[image_size, image_size],
        align_corners=False,
        half_pixel_centers=False,
    )
    return resized[0]


def _middle_rows(shape: tf.Tensor) -> tf.Tensor:
    margin = shape[0] // 16
    return tf.stack([margin, 0, shape[0] - 2 * margin, shape[1]])
