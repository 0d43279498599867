"""A score for each position from what lies around it."""

import numpy as np
import tensorflow as tf

from sact_keras.compact.positions import Grid, neighbour_table
from sact_keras.compact.weight import Weight
from sact_keras.kernels.types import Tensor

_NARROW = 64
"""Channels up to which a convolution channel by channel is the faster way."""


class LocalEvidence(tf.Module):
    """A 3x3 convolution to one channel.

    A single output channel would leave most of a vector register empty. Where there are
    many channels, the kernel's nine places as nine columns of a matrix product read the
    features once, and nine sums follow; where there are few, channels are convolved
    each by itself and then added up.

    Args:
        kernel: [3, 3, channels].
        strides: The stride.
        whole: [channels]: also a linear map of the means over all positions, the same
            for all of them. None for none.
        bias: A number.

    Example:
        >>> evidence = LocalEvidence(np.ones((3, 3, 2), "float32"), bias=1.0)
        >>> evidence(tf.ones((1, 2, 2, 2)))[0].numpy().tolist()
        [[9.0, 9.0], [9.0, 9.0]]
    """

    def __init__(
        self,
        kernel: np.ndarray,
        strides: int = 1,
        whole: np.ndarray | None = None,
        bias: float = 0.0,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        columns = list(kernel.reshape(9, -1)) + ([] if whole is None else [whole])
        self.matrix = Weight(np.stack(columns, axis=1))
        self.bias = Weight(bias)
        self.strides = strides
        self.whole = None if whole is None else Weight(whole[:, np.newaxis])
        self.kernel = None
        if kernel.shape[2] <= _NARROW:
            self.kernel = Weight(kernel[..., np.newaxis])

    def __call__(self, features: Tensor, table: Tensor | None = None) -> Tensor:
        """Maps [N, H, W, channels] to [N, h, w].

        Args:
            features: The features.
            table: `neighbour_table` of their grid, where it is known already.
        """
        if self.kernel is not None:
            sums = self._by_channel(features)
            if self.whole is not None:
                pooled = tf.reduce_mean(features, axis=(1, 2))
                sums += tf.matmul(pooled, self.whole.read())[:, tf.newaxis]
            return sums + self.bias.read()
        grid = Grid.of(features)
        if table is None:
            table = neighbour_table(grid, self.strides)
        products = self.products(tf.reshape(features, (-1, features.shape[-1])))
        sums = self.sum_windows(products, table)
        sums = tf.reshape(sums, grid.coarsen(self.strides))
        if self.whole is not None:
            whole = tf.reshape(products[:, 9], (grid.images, -1))
            sums += tf.reduce_mean(whole, axis=1)[:, tf.newaxis, tf.newaxis]
        return sums + self.bias.read()

    def _by_channel(self, features: Tensor) -> Tensor:
        padding = "SAME" if self.strides == 1 else "VALID"
        if self.strides > 1:
            features = tf.pad(features, ((0, 0), (1, 1), (1, 1), (0, 0)))
        strides = (1, self.strides, self.strides, 1)
        by_channel = tf.nn.depthwise_conv2d(
            features, self.kernel.read(), strides, padding
        )
        return tf.reduce_sum(by_channel, axis=-1)

    def products(self, rows: Tensor) -> Tensor:
        """What each row contributes at the nine places: [rows, columns]."""
        return tf.matmul(rows, self.matrix.read())

    def sum_windows(self, products: Tensor, neighbours: Tensor) -> Tensor:
        """Adds up what the rows under a kernel contribute, [positions].

        Args:
            products: Rows times the matrix, [rows, columns].
            neighbours: int32 [positions, 9]; the number of rows stands for zeros.
        """
        columns = self.matrix.shape[1]
        flat = tf.pad(tf.reshape(products, [-1]), [[0, columns]])
        picked = tf.gather(flat, neighbours * columns + tf.range(9))
        return tf.reduce_sum(picked, axis=1)
