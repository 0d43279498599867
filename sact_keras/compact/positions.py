"""Sets of positions, and which rows a convolution reads for them.

Features at some positions of a grid are kept as rows, [positions, channels], in the
order of the grid. A convolution over such a set is a gather and a matrix product: for
each position that it is to compute, the rows around it, side by side, times the kernel
seen as a matrix.
"""

from typing import Any, NamedTuple

import tensorflow as tf

from sact_keras.accounting import dilate, spread
from sact_keras.compact.convolution import Convolution
from sact_keras.kernels.types import Tensor


class Grid(NamedTuple):
    """The positions of a batch's features.

    Attributes:
        images: N, int32 scalar.
        height: int32 scalar.
        width: int32 scalar.
    """

    images: Tensor
    height: Tensor
    width: Tensor

    @classmethod
    def of(cls, features: Tensor) -> "Grid":
        """The grid of [N, h, w, ...]."""
        shape = tf.shape(features)
        return cls(shape[0], shape[1], shape[2])

    @property
    def size(self) -> Tensor:
        """How many positions there are, int32 scalar."""
        return self.images * self.height * self.width

    @property
    def positions_of_an_image(self) -> Tensor:
        """The size of an image's grid, float32 scalar."""
        return tf.cast(self.height * self.width, tf.float32)

    def image_of(self, positions: Tensor) -> Tensor:
        """The image that each flat index into the grid lies in, int32."""
        return positions // (self.height * self.width)

    def coarsen(self, strides: int) -> "Grid":
        """The grid of what a convolution with a stride makes of it."""
        return Grid(self.images, -(-self.height // strides), -(-self.width // strides))

    def covered(self, mask: Tensor, convolution: Convolution) -> Tensor:
        """Which positions of this grid a 3x3 convolution reads: [N, h, w] -> [N, H, W].

        Args:
            mask: Of the convolution's outputs, zeros and ones.
            convolution: The convolution.
        """
        strides = convolution.strides
        if strides == 1:
            return dilate(mask)
        fine = spread(mask, strides, (self.height, self.width))
        # The middle of a kernel, whose first row may lie in the padding.
        middles = [
            1 - convolution.padding_before(size) for size in (self.height, self.width)
        ]
        fine = tf.pad(fine, ((0, 0), *((middle, 0) for middle in middles)))
        return dilate(fine[:, : self.height, : self.width])

    def origins(self, strides: int = 1, before: tuple[Any, Any] = (1, 1)) -> Tensor:
        """Where on the padded grid a 3x3 kernel begins, for each output position.

        Args:
            strides: Of the convolution.
            before: Its padding above and to the left.

        Returns:
            Indices into the flat grid with a border of one, int32 [outputs].
        """
        output = self.coarsen(strides)
        starts = [
            tf.range(outputs) * strides + 1 - padding
            for outputs, padding in zip(output[1:], before, strict=True)
        ]
        images = tf.range(self.images) * (self.height + 2)
        rows = images[:, tf.newaxis, tf.newaxis] + starts[0][:, tf.newaxis]
        return tf.reshape(rows * (self.width + 2) + starts[1], [-1])


def select(mask: Tensor) -> Tensor:
    """The flat indices of the positions that a mask keeps, in order, int32.

    Example:
        >>> select(tf.constant([[[0.0, 1.0], [1.0, 0.0]]])).numpy().tolist()
        [1, 2]
    """
    return tf.cast(tf.where(tf.reshape(mask > 0, [-1]))[:, 0], tf.int32)


def count_before(mask: Tensor) -> Tensor:
    """How many positions are kept ahead of each, in the order of the grid.

    Args:
        mask: [N, h, w] of zeros and ones, float32.

    Returns:
        int32 [N, h, w].

    Example:
        >>> count_before(tf.constant([[[1.0, 0.0, 1.0]]])).numpy().tolist()
        [[[0, 1, 1]]]
    """
    # Within a line a product with a triangle of ones, several times faster than a
    # running sum; sums in float32 are exact up to 2^24.
    width = tf.shape(mask)[2]
    places = tf.range(width)
    triangle = tf.cast(places[:, tf.newaxis] < places, tf.float32)
    lines = tf.reshape(mask, (-1, width))
    inside = tf.cast(tf.matmul(lines, triangle), tf.int32)
    of_lines = tf.cast(tf.reduce_sum(lines, axis=1), tf.int32)
    counts = inside + tf.cumsum(of_lines, exclusive=True)[:, tf.newaxis]
    return tf.reshape(counts, tf.shape(mask))


def with_border(numbers: Tensor, outside: Tensor) -> Tensor:
    """Numbers of rows, [N, h, w], on the flat grid with a border of one.

    Args:
        numbers: int32.
        outside: The number of the border.

    Returns:
        int32 [N * (h + 2) * (w + 2)].
    """
    border = ((0, 0), (1, 1), (1, 1))
    return tf.reshape(tf.pad(numbers, border, constant_values=outside), [-1])


def row_numbers(mask: Tensor, count: Tensor) -> Tensor:
    """Which row holds each position, on the grid with a border of one.

    Args:
        mask: Of the positions that there are rows of, [N, h, w].
        count: How many they are; also the number of the row of zeros behind them,
            which stands for all other positions.

    Returns:
        int32 [N * (h + 2) * (w + 2)].

    Example:
        >>> row_numbers(tf.constant([[[0.0, 1.0]]]), 1).numpy().reshape(3, 4).tolist()
        [[1, 1, 1, 1], [1, 1, 0, 1], [1, 1, 1, 1]]
    """
    return with_border(tf.where(mask > 0, count_before(mask), count), count)


def neighbours(numbers: Tensor, origins: Tensor, width: Tensor) -> Tensor:
    """The rows under a 3x3 kernel, for each position.

    Args:
        numbers: Of `row_numbers`.
        origins: Of `Grid.origins`, for the positions that are to be computed.
        width: Of the grid that is read, without its border.

    Returns:
        int32 [positions, 9].
    """
    steps = tf.range(3)
    offsets = tf.reshape(steps[:, tf.newaxis] * (width + 2) + steps, [-1])
    return tf.gather(numbers, origins[:, tf.newaxis] + offsets)


def neighbour_table(grid: Grid, strides: int = 1) -> Tensor:
    """`neighbours` where every position has a row, for all outputs.

    Example:
        >>> neighbour_table(Grid(*tf.constant([1, 1, 2]))).numpy()[0].tolist()
        [2, 2, 2, 2, 0, 1, 2, 2, 2]
    """
    numbers = with_border(tf.reshape(tf.range(grid.size), grid), grid.size)
    return neighbours(numbers, grid.origins(strides), grid.width)


def gather_windows(rows: Tensor, neighbours: Tensor) -> Tensor:
    """The windows of a 3x3 kernel side by side: [positions, 9 * channels].

    Args:
        rows: [rows + 1, channels], of which the last is zeros.
        neighbours: int32 [positions, 9].
    """
    return tf.reshape(tf.gather(rows, neighbours), (-1, 9 * rows.shape[1]))


def with_zeros(*parts: Tensor) -> Tensor:
    """Rows, [..., channels] each, one behind the other, and a row of zeros behind."""
    return tf.concat([*parts, tf.zeros([1, parts[0].shape[1]])], axis=0)
