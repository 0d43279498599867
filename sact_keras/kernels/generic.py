"""The kernels in Keras' own operations, for any backend."""

from keras import ops

from sact_keras.kernels.types import Tensor


def normalize_batch(
    inputs: Tensor,
    gamma: Tensor,
    beta: Tensor,
    epsilon: float,
    staged: bool = False,
    synchronized: bool = False,
) -> tuple[Tensor, Tensor, Tensor]:
    """Batch normalization by the batch's own moments; see `sact_keras.kernels`."""
    del staged, synchronized
    mean, variance = ops.moments(inputs, axes=list(range(len(inputs.shape) - 1)))
    outputs = ops.batch_normalization(
        inputs, mean, variance, axis=-1, offset=beta, scale=gamma, epsilon=epsilon
    )
    return outputs, mean, variance


def convolve_to_one_channel(inputs: Tensor, kernel: Tensor) -> Tensor:
    """A SAME convolution with one output channel; see `sact_keras.kernels`."""
    return ops.squeeze(ops.conv(inputs, kernel, padding="same"), axis=-1)


def fork(inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Two names for one tensor; see `sact_keras.kernels`."""
    return inputs, inputs


def num_replicas() -> int:
    """There is one; see `sact_keras.kernels`."""
    return 1


def distinguish_replica(seed: Tensor) -> Tensor:
    """The seed as it is: there is one replica; see `sact_keras.kernels`."""
    return seed


def replica_mean(value: Tensor) -> Tensor:
    """The value itself: there is one replica; see `sact_keras.kernels`."""
    return value


def any_replica(condition: Tensor) -> Tensor:
    """The condition itself: there is one replica; see `sact_keras.kernels`."""
    return condition
