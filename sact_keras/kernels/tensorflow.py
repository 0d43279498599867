"""The kernels that TensorFlow has something faster for.

Training on a CPU is bound by memory outside the convolutions: each elementary
operation is one more pass over the features. docs/performance.md has the measurements.
"""

from collections.abc import Callable

import tensorflow as tf

from sact_keras.kernels import generic
from sact_keras.kernels.tensorflow_replicas import (
    any_replica,
    distinguish_replica,
    in_several_replicas,
    mean_in_stages,
    normalize_across_replicas,
    num_replicas,
    replica_mean,
    scale_and_shift,
)
from sact_keras.kernels.types import Tensor

__all__ = [
    "any_replica",
    "convolve_to_one_channel",
    "distinguish_replica",
    "fork",
    "normalize_batch",
    "num_replicas",
    "replica_mean",
]

_FUSED_DTYPES = (tf.float32, tf.bfloat16, tf.float16)


def normalize_batch(
    inputs: Tensor,
    gamma: Tensor,
    beta: Tensor,
    epsilon: float,
    staged: bool = False,
    synchronized: bool = False,
) -> tuple[Tensor, Tensor, Tensor]:
    """Batch normalization in one operation, forwards and backwards.

    On a CPU that operation adds up all values of a channel one after the other, which
    costs digits.
    """
    if synchronized and in_several_replicas():
        return normalize_across_replicas(inputs, gamma, beta, epsilon)
    if inputs.dtype not in _FUSED_DTYPES:
        return generic.normalize_batch(inputs, gamma, beta, epsilon)
    if (staged or synchronized) and not _has_gpu() and inputs.dtype == tf.float32:
        gamma, beta = (tf.convert_to_tensor(x, tf.float32) for x in (gamma, beta))
        return _normalize_in_stages(inputs, gamma, beta, epsilon=epsilon)
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


def _normalize_in_stages(
    inputs: Tensor, gamma: Tensor, beta: Tensor, epsilon: float
) -> tuple[Tensor, Tensor, Tensor]:
    """The fused operation with moments of its own; the moments carry no gradient."""

    @tf.custom_gradient
    def normalize(
        flat: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor
    ) -> tuple[Tensor, Callable[..., tuple]]:
        # As PyTorch rounds: a factor and a term for each channel. Of a plain quotient
        # the graph optimizer would make a product with an approximate root.
        factor = tf.math.divide_no_nan(gamma, tf.sqrt(variance + epsilon))
        outputs = scale_and_shift(flat, factor, beta - mean * factor)

        def gradient(outputs_gradient: Tensor) -> tuple:
            of_inputs, of_gamma, of_beta, *_ = tf.raw_ops.FusedBatchNormGradV3(
                y_backprop=outputs_gradient,
                x=flat,
                scale=gamma,
                reserve_space_1=mean,
                reserve_space_2=variance,
                reserve_space_3=tf.zeros([0]),
                epsilon=epsilon,
                is_training=True,  # Through the moments, too.
            )
            return of_inputs, of_gamma, of_beta, None, None

        return outputs, gradient

    constant = tf.stop_gradient(inputs)
    mean = mean_in_stages(constant)
    variance = mean_in_stages(tf.math.squared_difference(constant, mean))
    flat = tf.reshape(inputs, (1, 1, -1, inputs.shape[-1]))
    outputs = tf.reshape(normalize(flat, gamma, beta, mean, variance), tf.shape(inputs))
    outputs.set_shape(inputs.shape)
    return outputs, mean, variance


def convolve_to_one_channel(inputs: Tensor, kernel: Tensor) -> Tensor:
    """A depthwise convolution and a sum: convolutions come in vectors of channels.

    A single output channel leaves most of a vector register empty.
    """
    if _has_gpu():
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


def _has_gpu() -> bool:
    return bool(tf.config.list_physical_devices("GPU"))
