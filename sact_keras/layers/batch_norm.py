"""Batch normalization over the channels."""

from typing import Any

import keras
from keras import ops

from sact_keras.kernels import normalize_batch
from sact_keras.kernels.types import Tensor


@keras.saving.register_keras_serializable(package="sact_keras")
class BatchNorm(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization` over the last axis, by a faster kernel.

    The moving variance follows the batch's biased variance, as in TF-Slim and Keras.

    Args:
        momentum: Decay of the moving averages, in [0, 1).
        epsilon: Added to the variance.
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
        self, momentum: float = 0.9, epsilon: float = 1e-3, **kwargs: Any
    ) -> None:
        super().__init__(axis=-1, momentum=momentum, epsilon=epsilon, **kwargs)

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """Normalizes by the batch's moments in training, else by the moving ones."""
        if not (training and self.trainable):
            return super().call(inputs, training=False)
        outputs, mean, variance = normalize_batch(
            inputs, self.gamma, self.beta, self.epsilon
        )
        for average, value in (
            (self.moving_mean, mean),
            (self.moving_variance, variance),
        ):
            value = ops.cast(value, average.dtype)
            average.assign(average * self.momentum + value * (1.0 - self.momentum))
        return outputs

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **keras.layers.Layer.get_config(self),
            "momentum": self.momentum,
            "epsilon": self.epsilon,
        }
