"""A ponder map over its image, drawn by operations of TensorFlow."""

import matplotlib
import numpy as np
import tensorflow as tf

from sact_keras.visualization.ponder_map_pictures import (
    COLOUR_MAP,
    LUMINANCE,
    OVERLAY_STRENGTH,
)


def encode_overlay(
    pixels: tf.Tensor, ponder_map: tf.Tensor, maximum: float
) -> tf.Tensor:
    """Draws a map over the image, as `overlay_ponder_map` does, into a PNG.

    Args:
        pixels: The image, uint8 [H, W, 3]; its colours become grey.
        ponder_map: [H, W], from 0 (the first colour) to `maximum` (the last one).
        maximum: Above 0.

    Returns:
        string scalar: the PNG, of the image's size.

    Example:
        >>> png = encode_overlay(tf.zeros((8, 9, 3), tf.uint8), tf.ones((8, 9)), 18)
        >>> tf.io.decode_png(png).shape
        TensorShape([8, 9, 3])
    """
    colours = matplotlib.colormaps[COLOUR_MAP](np.arange(256), bytes=True)[:, :3]
    shares = tf.cast(ponder_map, tf.float32) / maximum
    indices = tf.clip_by_value(tf.cast(shares * len(colours), tf.int32), 0, 255)
    coloured = tf.gather(colours.astype("float32"), indices)
    luminance = tf.constant(LUMINANCE)
    grey = tf.reduce_sum(tf.cast(pixels, tf.float32) * luminance, -1, keepdims=True)
    mixed = (1 - OVERLAY_STRENGTH) * grey + OVERLAY_STRENGTH * coloured
    return tf.io.encode_png(tf.cast(tf.round(mixed), tf.uint8))
