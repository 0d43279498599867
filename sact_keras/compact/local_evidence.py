"""A score for each position from what lies around it."""

import numpy as np
import tensorflow as tf

from sact_keras.compact.positions import Grid, neighbour_table
from sact_keras.compact.weight import Weight
from sact_keras.kernels.types import Tensor


class LocalEvidence(tf.Module):
    """A 3x3 convolution to one channel, as a matrix product and nine shifted sums.

    A single output channel would leave most of a vector register empty; the kernel's
    nine places as nine columns read the features once.

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
        self.has_whole = whole is not None

    def __call__(self, features: Tensor, table: Tensor | None = None) -> Tensor:
        """Maps [N, H, W, channels] to [N, h, w].

        Args:
            features: The features.
            table: `neighbour_table` of their grid, where it is known already.
        """
        grid = Grid.of(features)
        if table is None:
            table = neighbour_table(grid, self.strides)
        products = self.products(tf.reshape(features, (-1, features.shape[-1])))
        sums = self.sum_windows(products, table)
        sums = tf.reshape(sums, grid.coarsen(self.strides))
        if self.has_whole:
            whole = tf.reshape(products[:, 9], (grid.images, -1))
            sums += tf.reduce_mean(whole, axis=1)[:, tf.newaxis, tf.newaxis]
        return sums + self.bias.read()

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
