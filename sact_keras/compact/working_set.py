"""The positions of a block that have not halted, with what they read around them."""

from typing import NamedTuple

import tensorflow as tf

from sact_keras.compact.positions import (
    Grid,
    dilate,
    neighbour_table,
    neighbours,
    select,
)
from sact_keras.kernels.types import Tensor


class WorkingSet(NamedTuple):
    """Rows of features at some positions, and around them.

    The set's own rows come first: the positions that units compute. Behind them lie
    those within one step, and for units with two 3x3 convolutions those within two,
    which are only read. In the beginning the set is the whole grid.

    Attributes:
        positions: The set's flat indices into the grid, int32 [own].
        features: Their state, [own, channels].
        around: That of the positions around, [around, channels].
        inner: How many of them are within one step, int32 scalar.
        sums: The set's share of the block's output so far, [own, channels].
        windows: The rows under a 3x3 kernel, for the set and for those within one step
            where these are computed, too, int32 [..., 9]; the number of all rows
            stands for zeros.
        numbers: The row of each position of the grid, int32 [positions]; the number of
            all rows for none.
        frozen: The sum of the states of all positions that have left, for each image,
            [N, channels].
    """

    positions: Tensor
    features: Tensor
    around: Tensor
    inner: Tensor
    sums: Tensor
    windows: Tensor
    numbers: Tensor
    frozen: Tensor

    @classmethod
    def whole(cls, features: Tensor, grid: Grid) -> "WorkingSet":
        """The set of all positions of [N, h, w, channels]."""
        channels = features.shape[-1]
        rows = tf.reshape(features, (-1, channels))
        positions = tf.range(grid.size)
        return cls(
            positions=positions,
            features=rows,
            around=tf.zeros([0, channels]),
            inner=tf.constant(0),
            sums=tf.zeros_like(rows),
            windows=neighbour_table(grid),
            numbers=positions,
            frozen=tf.zeros([grid.images, channels]),
        )

    @property
    def own(self) -> Tensor:
        """How many positions units compute, int32 scalar."""
        return tf.size(self.positions)

    def shrink(
        self, running: Tensor, depth: int
    ) -> tuple["WorkingSet", tuple[Tensor, Tensor]]:
        """The set of the positions that go on.

        Args:
            running: Which do, bool [N, h, w]; all of them belong to the set.
            depth: 3x3 convolutions of a unit, 1 or 2.

        Returns:
            The set; and of those that leave it the positions and their share of the
            block's output.
        """
        grid = Grid.of(running)
        goes_on = tf.gather(tf.reshape(running, [-1]), self.positions)
        leaving = tf.cast(tf.where(~goes_on)[:, 0], tf.int32)
        left = tf.gather(self.positions, leaving)
        frozen = tf.math.unsorted_segment_sum(
            tf.gather(self.features, leaving), grid.image_of(left), grid.images
        )
        reached = tf.cast(running, tf.float32)
        positions = [select(reached)]
        numbers = tf.where(running, _counted(reached), -1)
        total = tf.size(positions[0])
        for _ in range(depth):
            wider = dilate(reached)
            ring = wider - reached
            positions.append(select(ring))
            numbers = tf.where(ring > 0, _counted(ring) + total, numbers)
            total += tf.size(positions[-1])
            reached = wider
        numbers = tf.where(numbers < 0, total, numbers)
        bordered = tf.pad(numbers, ((0, 0), (1, 1), (1, 1)), constant_values=total)
        computed = tf.concat(positions[:depth], axis=0)
        windows = neighbours(
            tf.reshape(bordered, [-1]),
            tf.gather(grid.origins(), computed),
            grid.width,
        )
        own = tf.gather(self.numbers, positions[0])
        around = tf.gather(self.numbers, tf.concat(positions[1:], axis=0))
        rows = tf.concat([self.features, self.around], axis=0)
        shrunken = WorkingSet(
            positions=positions[0],
            features=tf.gather(self.features, own),
            around=tf.gather(rows, around),
            inner=tf.size(positions[1]),
            sums=tf.gather(self.sums, own),
            windows=windows,
            numbers=tf.reshape(numbers, [-1]),
            frozen=self.frozen + frozen,
        )
        return shrunken, (left, tf.gather(self.sums, leaving))

    def totals(self, grid: Grid) -> Tensor:
        """The sums of the states of all positions, [N, channels]."""
        channels = self.features.shape[1]
        return self.frozen + tf.cond(
            tf.equal(self.own, grid.size),
            lambda: tf.reduce_sum(
                tf.reshape(self.features, (*grid, channels)), axis=(1, 2)
            ),
            lambda: tf.math.unsorted_segment_sum(
                self.features, grid.image_of(self.positions), grid.images
            ),
        )

    def on_grid(self, values: Tensor, grid: Grid) -> Tensor:
        """Places values of the set's positions, [own], on the grid, zeros elsewhere."""

        def put_in_place() -> Tensor:
            numbers = tf.minimum(self.numbers, self.own)
            return tf.gather(tf.pad(values, [[0, 1]]), numbers)

        is_whole = tf.equal(self.own, grid.size)
        return tf.reshape(tf.cond(is_whole, lambda: values, put_in_place), grid)

    def of_grid(self, values: Tensor) -> Tensor:
        """Values of the grid, [N, h, w], at the set's positions, [own]."""
        values = tf.reshape(values, [-1])
        return tf.cond(
            tf.equal(self.own, tf.size(values)),
            lambda: values,
            lambda: tf.gather(values, self.positions),
        )


def _counted(mask: Tensor) -> Tensor:
    """The place of each kept position among those kept, int32, from 0."""
    flat = tf.reshape(tf.cast(mask, tf.int32), [-1])
    return tf.reshape(tf.cumsum(flat), tf.shape(mask)) - 1
