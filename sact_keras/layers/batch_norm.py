"""Batch normalization over the channels."""

import math
from typing import Any

import keras
from keras import ops

from sact_keras.kernels import any_replica, normalize_batch, num_replicas
from sact_keras.kernels.types import Tensor


@keras.saving.register_keras_serializable(package="sact_keras")
class BatchNorm(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization` over the last axis, by a faster kernel.

    The moving variance follows the batch's biased variance, as in TF-Slim and Keras,
    or the unbiased one, as in PyTorch.

    Args:
        momentum: Decay of the moving averages, in [0, 1).
        epsilon: Added to the variance.
        unbiased_variance: Whether the moving variance follows the batch's variance
            times n / (n - 1), where n is the number of values of a channel. One value
            has no such variance: the moving one then stays as it is. The batch's
            moments are then also computed as precisely as in PyTorch.
        synchronized: Whether, where several replicas of `tf.distribute` share a batch,
            the moments are those of the whole batch rather than of each replica's part.
        **kwargs: As for any layer.

    Input shape:
        [..., channels].

    Output shape:
        As the input's.

    Example:
        >>> norm = BatchNorm(momentum=0.9, epsilon=1e-3)
        >>> outputs = norm(ops.ones((2, 4, 4, 3)), training=True)
        >>> [round(v, 3) for v in ops.convert_to_numpy(norm.moving_mean).tolist()]
        [0.1, 0.1, 0.1]
    """

    def __init__(
        self,
        momentum: float = 0.9,
        epsilon: float = 1e-3,
        unbiased_variance: bool = False,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(axis=-1, momentum=momentum, epsilon=epsilon, **kwargs)
        # Keras' own refuses backends on which there is one replica, and nothing to do.
        self.synchronized = synchronized
        self.unbiased_variance = unbiased_variance

    def call(
        self, inputs: Tensor, training: bool = False, counts: Tensor | None = None
    ) -> Tensor:
        """Normalizes by the batch's moments in training, else by the moving ones.

        Args:
            inputs: [..., channels].
            training: Whether it is training.
            counts: Boolean scalar: whether the moving averages follow this batch. None
                for yes. Synchronized, they do if it says so on any replica.
        """
        if not (training and self.trainable):
            return super().call(inputs, training=False)
        outputs, mean, variance = normalize_batch(
            inputs,
            self.gamma,
            self.beta,
            self.epsilon,
            # As precisely as in PyTorch: less, and ReLUs near zero turn over.
            staged=self.unbiased_variance,
            synchronized=self.synchronized,
        )
        if self.unbiased_variance:
            variance = self._unbiased(variance, ops.shape(inputs)[:-1])
        if self.synchronized and counts is not None:
            counts = any_replica(counts)
        for average, value in (
            (self.moving_mean, mean),
            (self.moving_variance, variance),
        ):
            value = ops.cast(value, average.dtype)
            moved = average * self.momentum + value * (1.0 - self.momentum)
            if counts is not None:
                moved = ops.where(counts, moved, ops.convert_to_tensor(average))
            average.assign(moved)
        return outputs

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **keras.layers.Layer.get_config(self),
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "unbiased_variance": self.unbiased_variance,
            "synchronized": self.synchronized,
        }

    def _unbiased(self, variance: Tensor, shape: tuple[Any, ...]) -> Tensor:
        count = ops.cast(math.prod(shape), variance.dtype)
        if self.synchronized:
            count = count * num_replicas()
        # Not n / (n - 1) at n = 1, which would turn the average to NaN for good.
        unbiased = variance * (count / ops.maximum(count - 1.0, 1.0))
        kept = ops.cast(self.moving_variance, variance.dtype)
        return ops.where(count > 1.0, unbiased, kept)
