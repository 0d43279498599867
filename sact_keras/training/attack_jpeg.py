"""JPEG compression, a simple defence: it smooths away much of what an attack adds."""

import tensorflow as tf

from sact_keras.data.image_decoding import EXACT_DCT


def compress_as_jpeg(pixels: tf.Tensor, quality: int) -> tf.Tensor:
    """Rounds images to 8 bits, encodes them as JPEG and decodes them.

    Args:
        pixels: [N, H, W, 3], float32 in [0, 255].
        quality: From 1 to 100.

    Returns:
        [N, H, W, 3], float32: whole numbers in [0, 255].

    Example:
        >>> grey = tf.fill((1, 8, 8, 3), 127.6)
        >>> float(tf.reduce_mean(compress_as_jpeg(grey, quality=75)))
        128.0
    """

    def compress(image: tf.Tensor) -> tf.Tensor:
        encoded = tf.io.encode_jpeg(image, quality=quality)
        return tf.io.decode_jpeg(encoded, channels=3, dct_method=EXACT_DCT)

    whole = tf.cast(tf.round(pixels), tf.uint8)
    compressed = tf.map_fn(compress, whole)
    return tf.cast(tf.ensure_shape(compressed, pixels.shape), tf.float32)
