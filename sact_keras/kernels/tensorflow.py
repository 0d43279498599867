"""The kernels that TensorFlow has something faster for.

Training on a CPU is bound by memory outside the convolutions: each elementary
operation is one more pass over the features. docs/performance.md has the measurements.
"""

import tensorflow as tf

from sact_keras.kernels import generic
from sact_keras.kernels.types import Tensor

_FUSED_DTYPES = (tf.float32, tf.bfloat16, tf.float16)


def normalize_batch(
    inputs: Tensor, gamma: Tensor, beta: Tensor, epsilon: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Batch normalization in one operation, forwards and backwards."""
    if len(inputs.shape) != 4 or inputs.dtype not in _FUSED_DTYPES:
        return generic.normalize_batch(inputs, gamma, beta, epsilon)
    outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=inputs,
        scale=tf.cast(gamma, tf.float32),
        offset=tf.cast(beta, tf.float32),
        # Read only in inference, yet of fixed size.
        mean=tf.zeros([0]),
        variance=tf.zeros([0]),
        epsilon=epsilon,
        is_training=True,
    )
    # The operation reports the unbiased variance (and normalizes by the biased one).
    count = tf.cast(tf.size(inputs) // tf.shape(inputs)[-1], tf.float32)
    return outputs, mean, variance * ((count - 1.0) / count)


def convolve_to_one_channel(inputs: Tensor, kernel: Tensor) -> Tensor:
    """A depthwise convolution and a sum: convolutions come in vectors of channels.

    A single output channel leaves most of a vector register empty.
    """
    if tf.config.list_physical_devices("GPU"):
        return generic.convolve_to_one_channel(inputs, kernel)
    # [height, width, channels, 1] is a kernel of either kind.
    products = tf.nn.depthwise_conv2d(inputs, kernel, (1, 1, 1, 1), "SAME")
    return tf.reduce_sum(products, axis=-1)
