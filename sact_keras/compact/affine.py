"""A batch norm that became a scale and a shift."""

import numpy as np
import tensorflow as tf

from sact_keras.compact.convolution import activate
from sact_keras.compact.weight import Weight
from sact_keras.kernels.types import Tensor


class Affine(tf.Module):
    """scale * x + shift for each channel, and perhaps an activation.

    What is left of a batch norm that no convolution stands ahead of.

    Args:
        scale: [channels].
        shift: [channels].
        slope: Slope of the leaky ReLU behind it below zero; None for no activation.

    Example:
        >>> affine = Affine(np.array([2.0], "float32"), np.array([1.0], "float32"))
        >>> affine(tf.ones((1, 1))).numpy().tolist()
        [[3.0]]
    """

    def __init__(
        self,
        scale: np.ndarray,
        shift: np.ndarray,
        slope: float | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.scale = Weight(scale)
        self.shift = Weight(shift)
        self.slope = slope

    def __call__(self, features: Tensor) -> Tensor:
        """Scales, shifts and activates [..., channels]."""
        channels = self.scale.shape[0]
        # One pass over the features, where a product and a sum would be two.
        outputs, *_ = tf.raw_ops.FusedBatchNormV3(
            x=tf.reshape(features, (1, 1, -1, channels)),
            scale=self.scale.read(),
            offset=self.shift.read(),
            mean=tf.zeros([channels]),
            variance=tf.ones([channels]),
            epsilon=0.0,
            is_training=False,
        )
        outputs = tf.reshape(outputs, tf.shape(features))
        outputs.set_shape(features.shape)
        return activate(outputs, self.slope)
