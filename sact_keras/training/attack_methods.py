"""Attacks: small changes of an image that are to change what a network says of it."""

from collections.abc import Callable

import keras
import tensorflow as tf

PIXEL_RANGE = 255.0


def fgsm(
    model: keras.Model,
    normalize: Callable[[tf.Tensor], tf.Tensor],
    pixels: tf.Tensor,
    labels: tf.Tensor,
    epsilon: float,
) -> tf.Tensor:
    """The fast gradient sign method (Goodfellow et al. 2015, arXiv 1412.6572).

    Each pixel moves by epsilon of its range in the direction in which the cross
    entropy of the right class grows: clip(x + 255 epsilon sign(dJ/dx), 0, 255). The
    gradient passes through the normalization and through the network as it is at
    inference, and so through its decisions as far as they have one. In a `tf.function`
    no more than the gradient of the pixels is computed.

    Args:
        model: A model of `build_model`.
        normalize: From pixels to the model's input, differentiable.
        pixels: [N, H, W, 3], float32 in [0, 255].
        labels: [N], integer.
        epsilon: The largest change, as a part of the pixels' range; in (0, 1].

    Returns:
        The attacked images, like `pixels`. They are not rounded to 8 bits, and do not
        depend on their neighbours in the batch.

    Example:
        >>> import sact_keras
        >>> model = sact_keras.build_model("vanilla", model="1", base_channels=4)
        >>> pixels = tf.random.uniform((2, 32, 32, 3), maxval=255.0)
        >>> attacked = fgsm(model, lambda x: x / 255, pixels, [3, 7], epsilon=0.02)
        >>> bool(tf.reduce_max(tf.abs(attacked - pixels)) <= 5.1001)
        True
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(pixels)
        logits = model(normalize(pixels), training=False)["logits"]
        # A sum: the mean would make an image's gradient smaller in a larger batch.
        loss = tf.reduce_sum(
            tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        )
    change = PIXEL_RANGE * epsilon * tf.sign(tape.gradient(loss, pixels))
    return tf.clip_by_value(pixels + change, 0.0, PIXEL_RANGE)


ATTACKS = {"fgsm": fgsm}
"""Every attack by its name, as in `--attack`."""
