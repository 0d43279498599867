"""Kernels: arithmetic that a backend can do faster than Keras' operations spell it.

Layers call these and know no backend. Each function exists in `generic`, in
`keras.ops` alone; a module named after a backend may replace it, with the same
results up to rounding. Nothing else in the package chooses by backend.
"""

import importlib
from types import ModuleType

import keras

from sact_keras.kernels import generic
from sact_keras.kernels.types import Tensor


def normalize_batch(
    inputs: Tensor,
    gamma: Tensor,
    beta: Tensor,
    epsilon: float,
    staged: bool = False,
    synchronized: bool = False,
) -> tuple[Tensor, Tensor, Tensor]:
    """Normalizes by the batch's own moments: gamma (x - mean) / sqrt(var + eps) + beta.

    Args:
        inputs: [..., channels].
        gamma: [channels].
        beta: [channels].
        epsilon: Added to the variance.
        staged: Whether sums are to be made axis by axis, which loses the fewest
            digits, where there is something faster.
        synchronized: Whether the moments are those of all replicas' batches together.
            They are then made axis by axis in any case.

    Returns:
        The outputs, in the inputs' shape and dtype; the mean, [channels]; and the
        biased variance, [channels].

    Example:
        >>> x = keras.ops.array([[1.0], [3.0]])
        >>> y, mean, variance = normalize_batch(x, [1.0], [0.0], epsilon=0.0)
        >>> [float(v) for v in (y[0, 0], mean[0], variance[0])]
        [-1.0, 2.0, 1.0]
    """
    return _kernels().normalize_batch(
        inputs, gamma, beta, epsilon, staged, synchronized
    )


def convolve_to_one_channel(inputs: Tensor, kernel: Tensor) -> Tensor:
    """Convolves, SAME and with stride 1, to a single channel.

    Args:
        inputs: [N, h, w, channels].
        kernel: [height, width, channels, 1].

    Returns:
        [N, h, w].

    Example:
        >>> x, kernel = keras.ops.ones((1, 2, 2, 4)), keras.ops.ones((3, 3, 4, 1))
        >>> float(convolve_to_one_channel(x, kernel)[0, 0, 0])
        16.0
    """
    return _kernels().convolve_to_one_channel(inputs, kernel)


def fork(inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Gives two readers a tensor each, whose gradients add up in a fixed order.

    Where three or more operations read a tensor, TensorFlow sums their gradients in an
    order that depends on which thread is done first, and a training run does not
    repeat bit by bit. Sums of two are free of that, as long as TensorFlow's graph
    optimizer does not gather them again: see `sact_keras.training.environment`.

    Args:
        inputs: Any tensor.

    Returns:
        The tensor, twice. Both should be read: a gradient that is never made costs a
        tensor of zeros.

    Example:
        >>> a, b = fork(keras.ops.ones(()))
        >>> float(a + b)
        2.0
    """
    return _kernels().fork(inputs)


def distinguish_replica(seed: Tensor) -> Tensor:
    """Makes the seed of a random draw differ between replicas.

    Under a strategy of `tf.distribute` all replicas find the same state in a seed
    generator, and would draw the same noise for different images.

    Args:
        seed: What a seed generator hands out, integers [2].

    Returns:
        The seed of this replica, [2]; the first replica's is `seed` itself.

    Example:
        >>> distinguish_replica(keras.ops.array([7, 0])).shape
        TensorShape([2])
    """
    return _kernels().distinguish_replica(seed)


def num_replicas() -> int:
    """How many replicas share a batch, and add up their losses' gradients.

    What Keras computes as the loss of a batch it divides by this number; so must
    whoever adds a mean of his own to it.

    Example:
        >>> num_replicas()
        1
    """
    return _kernels().num_replicas()


def replica_mean(value: Tensor) -> Tensor:
    """The mean over the replicas, where several share a batch.

    For what a loss that is not linear in its batch's means is made of: a loss of each
    replica's own means would be another one. The gradient passes through.

    Args:
        value: Of the same shape on each replica, of a floating type.

    Returns:
        The mean, the same on each replica; where there is one, `value` itself.

    Example:
        >>> float(replica_mean(keras.ops.array(2.0)))
        2.0
    """
    return _kernels().replica_mean(value)


def any_replica(condition: Tensor) -> Tensor:
    """Whether something holds on any of the replicas that share a batch.

    Args:
        condition: Boolean scalar.

    Returns:
        Boolean scalar, the same on each replica.

    Example:
        >>> bool(any_replica(keras.ops.array(True)))
        True
    """
    return _kernels().any_replica(condition)


def _kernels() -> ModuleType:
    if keras.backend.backend() == "tensorflow":
        return importlib.import_module("sact_keras.kernels.tensorflow")
    return generic
