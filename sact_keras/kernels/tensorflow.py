"""The kernels that TensorFlow has something faster for.

Training on a CPU is bound by memory outside the convolutions: each elementary
operation is one more pass over the features. docs/performance.md has the measurements.
"""

from collections.abc import Callable

import tensorflow as tf

from sact_keras.kernels import generic
from sact_keras.kernels.types import Tensor

_GOLDEN_RATIO = 0x9E3779B9
"""Spreads small numbers over 32 bits: no replica's seed is near another layer's."""

_FUSED_DTYPES = (tf.float32, tf.bfloat16, tf.float16)


def normalize_batch(
    inputs: Tensor, gamma: Tensor, beta: Tensor, epsilon: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Batch normalization in one operation, forwards and backwards."""
    if inputs.dtype not in _FUSED_DTYPES:
        return generic.normalize_batch(inputs, gamma, beta, epsilon)
    channels = inputs.shape[-1]
    outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=tf.reshape(inputs, (1, 1, -1, channels)),
        scale=tf.cast(gamma, tf.float32),
        offset=tf.cast(beta, tf.float32),
        # Read only in inference, yet of fixed size.
        mean=tf.zeros([0]),
        variance=tf.zeros([0]),
        epsilon=epsilon,
        is_training=True,
    )
    outputs = tf.reshape(outputs, tf.shape(inputs))
    outputs.set_shape(inputs.shape)
    # The operation reports the unbiased variance (and normalizes by the biased one).
    count = tf.cast(tf.size(inputs) // channels, tf.float32)
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


@tf.custom_gradient
def fork(inputs: Tensor) -> tuple[tuple[Tensor, Tensor], Callable[..., Tensor]]:
    """Adds the two gradients by themselves."""

    def gradient(first: Tensor, second: Tensor) -> Tensor:
        return first + second

    return (tf.identity(inputs), tf.identity(inputs)), gradient


def distinguish_replica(seed: Tensor) -> Tensor:
    """Adds a multiple of the replica's number; see `sact_keras.kernels`."""
    context = tf.distribute.get_replica_context()
    if context is None:  # In the midst of a strategy's own work.
        return seed
    replica = tf.cast(context.replica_id_in_sync_group, seed.dtype)
    return seed + tf.stack([replica * _GOLDEN_RATIO, tf.zeros([], seed.dtype)])
