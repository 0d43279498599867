"""A batch norm that no convolution stands ahead of."""

import numpy as np
import tensorflow as tf

from sact_keras.compact.convolution import activate
from sact_keras.compact.weight import Weight
from sact_keras.kernels.types import Tensor


class Affine(tf.Module):
    """scale * x + shift for each channel, and perhaps an activation.

    Args:
        scale: [channels]; None for 1.
        shift: [channels]; None for 0.
        slope: Slope of the leaky ReLU behind it below zero; None for no activation.

    Example:
        >>> affine = Affine(np.array([2.0], "float32"), np.array([1.0], "float32"))
        >>> affine(tf.ones((1, 1))).numpy().tolist()
        [[3.0]]
    """

    def __init__(
        self,
        scale: np.ndarray | None,
        shift: np.ndarray | None,
        slope: float | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.scale = None if scale is None else Weight(scale)
        self.shift = None if shift is None else Weight(shift)
        self.slope = slope

    def __call__(self, features: Tensor) -> Tensor:
        """Scales, shifts and activates [..., channels]."""
        if self.scale is not None:
            features = features * self.scale.read()
        if self.shift is not None:
            features = tf.nn.bias_add(features, self.shift.read())
        return activate(features, self.slope)
