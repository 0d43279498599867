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
    factor = tf.math.divide_no_nan(1.0, tf.sqrt(variance + epsilon))

    @tf.custom_gradient
    def normalize(
        flat: Tensor, gamma: Tensor, beta: Tensor
    ) -> tuple[Tensor, Callable[..., tuple]]:
        outputs = scale_and_shift(flat, gamma * factor, beta - mean * gamma * factor)

        def gradient(upstream: Tensor) -> tuple:
            # As if the moments were constants; and the sums over this replica's part.
            of_inputs, of_gamma, of_beta, *_ = tf.raw_ops.FusedBatchNormGradV3(
                y_backprop=upstream,
                x=flat,
                scale=gamma,
                reserve_space_1=mean,
                reserve_space_2=variance,
                reserve_space_3=tf.zeros([0]),
                epsilon=epsilon,
                is_training=False,
            )
            count = tf.cast(tf.shape(flat)[2], tf.float32)
            shared = replica_mean(tf.stack([of_gamma, of_beta]) / count)
            # What passes through the moments: the means of the upstream gradient, by
            # itself and times the normalized inputs.
            slope = gamma * factor * factor * shared[0]
            through_moments = scale_and_shift(
                flat, slope, gamma * factor * shared[1] - mean * slope
            )
            # Weights' gradients are this replica's: the optimizer adds them up.
            return of_inputs - through_moments, of_gamma, of_beta

        return outputs, gradient

    flat = tf.reshape(inputs, (1, 1, -1, inputs.shape[-1]))
    outputs = tf.reshape(normalize(flat, gamma, beta), tf.shape(inputs))
    outputs.set_shape(inputs.shape)
    return outputs, mean, variance


def scale_and_shift(flat: Tensor, scale: Tensor, offset: Tensor) -> Tensor:
    """Computes x * scale + offset for each channel, in one pass over memory."""
    outputs, *_ = tf.raw_ops.FusedBatchNormV3(
        x=flat,
        scale=scale,
        offset=offset,
        mean=tf.zeros_like(scale),
        variance=tf.ones_like(scale),
        epsilon=0.0,
        is_training=False,
    )
    return outputs


def mean_in_stages(values: Tensor) -> Tensor:
    """The mean over all axes but the last, one after the other."""
    for axis in reversed(range(values.shape.rank - 1)):
        values = tf.reduce_mean(values, axis)
    return values
