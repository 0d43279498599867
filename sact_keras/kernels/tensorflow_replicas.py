"""What replicas of `tf.distribute` that share a batch do together."""

from collections.abc import Callable

import tensorflow as tf

from sact_keras.kernels.types import Tensor

_GOLDEN_RATIO = 0x9E3779B9
"""Spreads small numbers over 32 bits: no replica's seed is near another layer's."""


def num_replicas() -> int:
    """Those of the current strategy; see `sact_keras.kernels`."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def in_several_replicas() -> bool:
    """Whether this is computed once for each of several replicas."""
    return num_replicas() > 1 and tf.distribute.get_replica_context() is not None


def distinguish_replica(seed: Tensor) -> Tensor:
    """Adds a multiple of the replica's number; see `sact_keras.kernels`."""
    context = tf.distribute.get_replica_context()
    if context is None:  # In the midst of a strategy's own work.
        return seed
    replica = tf.cast(context.replica_id_in_sync_group, seed.dtype)
    return seed + tf.stack([replica * _GOLDEN_RATIO, tf.zeros([], seed.dtype)])


def replica_mean(value: Tensor) -> Tensor:
    """A mean to which each replica sends its value; see `sact_keras.kernels`."""
    if not in_several_replicas():
        return value
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.MEAN, value)


def any_replica(condition: Tensor) -> Tensor:
    """A mean of zeros and ones that is above zero; see `sact_keras.kernels`."""
    if not in_several_replicas():
        return condition
    return replica_mean(tf.cast(condition, tf.float32)) > 0


def normalize_across_replicas(
    inputs: Tensor, gamma: Tensor, beta: Tensor, epsilon: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Batch normalization by the moments of all replicas' batches together.

    Forwards the replicas exchange the means and then the variances about the common
    mean, which loses no digits; backwards, both of the sums that the gradient of the
    moments takes. Each is one mean over replicas of as many values as there are
    channels, or twice as many.

    Args:
        inputs: [..., channels], as many on each replica.
        gamma: [channels].
        beta: [channels].
        epsilon: Added to the variance.

    Returns:
        The outputs, in the inputs' shape and dtype; the mean and the biased variance,
        float32 [channels], through which no gradient passes.
    """
    gamma, beta = (tf.convert_to_tensor(x, tf.float32) for x in (gamma, beta))
    constant = tf.cast(tf.stop_gradient(inputs), tf.float32)
    mean = tf.stop_gradient(replica_mean(mean_in_stages(constant)))
    distances = tf.math.squared_difference(constant, mean)
    variance = tf.stop_gradient(replica_mean(mean_in_stages(distances)))

    @tf.custom_gradient
    def normalize(
        inputs: Tensor, gamma: Tensor, beta: Tensor
    ) -> tuple[Tensor, Callable[..., tuple]]:
        deviation = tf.sqrt(variance + epsilon)
        factor = gamma / deviation
        values = tf.cast(inputs, tf.float32)
        outputs = tf.cast(values * factor + (beta - mean * factor), inputs.dtype)

        def gradient(upstream: Tensor) -> tuple:
            upstream = tf.cast(upstream, tf.float32)
            centred = (values - mean) / deviation
            of_beta, of_gamma = (
                mean_in_stages(each) for each in (upstream, upstream * centred)
            )
            channels = tf.shape(inputs)[-1]
            count = tf.cast(tf.size(inputs) // channels, tf.float32)
            shared = replica_mean(tf.stack([of_beta, of_gamma]))
            of_inputs = factor * (upstream - shared[0] - centred * shared[1])
            # Weights' gradients are this replica's: the optimizer adds them up.
            return (
                tf.cast(of_inputs, inputs.dtype),
                count * of_gamma,
                count * of_beta,
            )

        return outputs, gradient

    return normalize(inputs, gamma, beta), mean, variance


def mean_in_stages(values: Tensor) -> Tensor:
    """The mean over all axes but the last, one after the other."""
    for axis in reversed(range(values.shape.rank - 1)):
        values = tf.reduce_mean(values, axis)
    return values
