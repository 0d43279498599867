"""A convolution of folded weights."""

import numpy as np
import tensorflow as tf

from sact_keras.compact.weight import Weight
from sact_keras.kernels.types import Tensor


class Convolution(tf.Module):
    """A convolution with a bias and perhaps an activation, of weights that stay.

    Its kernel serves both ways of execution: as it is over whole features, and, seen
    as a matrix, over rows that were gathered.

    Args:
        kernel: [side, side, channels, filters].
        bias: [filters]; None for none.
        strides: The stride along both sides.
        slope: Slope of the leaky ReLU behind it below zero; None for no activation.
        same_padding: Whether a stride above 1 pads as "SAME" does, more at the end,
            rather than by half a kernel on every side.

    Example:
        >>> convolution = Convolution(np.ones((3, 3, 1, 2), "float32"), slope=0.0)
        >>> convolution(tf.ones((1, 2, 2, 1)))[0, 0, 0].numpy().tolist()
        [4.0, 4.0]
        >>> convolution.of_rows(tf.ones((5, 9))).shape
        TensorShape([5, 2])
    """

    def __init__(
        self,
        kernel: np.ndarray,
        bias: np.ndarray | None = None,
        strides: int = 1,
        slope: float | None = None,
        same_padding: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.kernel = Weight(kernel)
        self.bias = None if bias is None else Weight(bias)
        self.side = kernel.shape[0]
        self.strides = strides
        self.slope = slope
        self.same_padding = same_padding

    @property
    def channels(self) -> int:
        """Channels of the input."""
        return self.kernel.shape[2]

    @property
    def filters(self) -> int:
        """Channels of the output."""
        return self.kernel.shape[3]

    def __call__(self, features: Tensor, more: Weight | None = None) -> Tensor:
        """Convolves whole features, [N, h, w, channels].

        Args:
            features: The features.
            more: [filters], added to the bias; None for nothing.
        """
        padding, strides = "SAME", self.strides
        if self.side > 1 and strides > 1 and not self.same_padding:
            border = [self.side // 2] * 2
            padding = [[0, 0], border, border, [0, 0]]
        sums = tf.nn.conv2d(features, self.kernel.read(), strides, padding)
        return self._finish(sums, more)

    def of_rows(self, rows: Tensor, more: Weight | None = None) -> Tensor:
        """Multiplies rows [M, side * side * channels], each what a kernel covers."""
        matrix = tf.reshape(self.kernel.read(), (-1, self.filters))
        return self._finish(tf.matmul(rows, matrix), more)

    def padding_before(self, size: Tensor) -> Tensor | int:
        """Rows (or columns) of padding ahead of an input of `size` of them."""
        border = self.side // 2
        if self.strides == 1 or not self.same_padding:
            return border
        outputs = -(-size // self.strides)
        missing = (outputs - 1) * self.strides + self.side - size
        return tf.maximum(missing, 0) // 2

    def _finish(self, sums: Tensor, more: Weight | None) -> Tensor:
        # TensorFlow computes the sum, the bias and the activation in one operation.
        added = [part.read() for part in (self.bias, more) if part is not None]
        if added:
            sums = tf.nn.bias_add(sums, sum(added[1:], added[0]))
        return activate(sums, self.slope)


def activate(features: Tensor, slope: float | None) -> Tensor:
    """The leaky ReLU of that slope below zero; None is no activation.

    Example:
        >>> activate(tf.constant([-1.0, 2.0]), slope=0.5).numpy().tolist()
        [-0.5, 2.0]
    """
    if slope is None:
        return features
    if slope == 0.0:
        return tf.nn.relu(features)
    return tf.nn.leaky_relu(features, slope)
