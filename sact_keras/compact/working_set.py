"""The positions of a block that have not halted, with what they read around them."""

from typing import NamedTuple

import tensorflow as tf

from sact_keras.accounting import dilate
from sact_keras.compact.positions import (
    Grid,
    count_before,
    neighbour_table,
    neighbours,
    select,
    with_border,
)
from sact_keras.compact.unit import CompactUnit
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
        sums: The set's share of the block's output so far, [own, channels]; None before
            there is any.
        windows: The rows under a 3x3 kernel, for the set and for those within one step
            where these are computed, too, int32 [..., 9]; the number of all rows
            stands for zeros.
        numbers: The row of each position of the grid, int32 [positions]; the number of
            all rows for none.
        frozen: The sum of the states of all positions that have left, for each image,
            [N, channels].
        gone: How many they are, float32 [N].
    """

    positions: Tensor
    features: Tensor
    around: Tensor
    sums: Tensor | None
    windows: Tensor
    numbers: Tensor
    frozen: Tensor
    gone: Tensor

    @classmethod
    def whole(
        cls, features: Tensor, grid: Grid, is_read_by_rows: bool = True
    ) -> "WorkingSet":
        """The set of all positions of [N, h, w, channels].

        Args:
            features: Their state.
            grid: The positions.
            is_read_by_rows: Whether `windows` are read as long as the set is the whole
                grid; otherwise there are none.
        """
        channels = features.shape[-1]
        rows = tf.reshape(features, (-1, channels))
        positions = tf.range(grid.size)
        windows = tf.zeros([0, 9], tf.int32)
        if is_read_by_rows:
            windows = neighbour_table(grid)
        return cls(
            positions=positions,
            features=rows,
            around=tf.zeros([0, channels]),
            sums=None,
            windows=windows,
            numbers=positions,
            frozen=tf.zeros([grid.images, channels]),
            gone=tf.zeros([grid.images]),
        )

    @property
    def own(self) -> Tensor:
        """How many positions units compute, int32 scalar."""
        return tf.size(self.positions)

    def is_whole(self, grid: Grid) -> Tensor:
        """Whether no position has left, bool scalar."""
        return tf.equal(self.own, grid.size)

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
        images = grid.image_of(left)
        frozen = tf.math.unsorted_segment_sum(
            tf.gather(self.features, leaving), images, grid.images
        )
        gone = tf.math.bincount(images, minlength=grid.images, dtype=tf.float32)
        reached = tf.cast(running, tf.float32)
        positions = [select(reached)]
        numbers = tf.where(running, count_before(reached), -1)
        total = tf.size(positions[0])
        for _ in range(depth):
            wider = dilate(reached)
            ring = wider - reached
            positions.append(select(ring))
            numbers = tf.where(ring > 0, count_before(ring) + total, numbers)
            total += tf.size(positions[-1])
            reached = wider
        numbers = tf.where(numbers < 0, total, numbers)
        computed = tf.concat(positions[:depth], axis=0)
        windows = neighbours(
            with_border(numbers, total),
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
            sums=tf.gather(self.sums, own),
            windows=windows,
            numbers=tf.reshape(numbers, [-1]),
            frozen=self.frozen + frozen,
            gone=self.gone + gone,
        )
        return shrunken, (left, tf.gather(self.sums, leaving))

    def advance(self, features: Tensor, unit: CompactUnit) -> "WorkingSet":
        """The set after a unit has made `features` of its own.

        What is frozen is handed on with what the next unit wants features to carry.
        """
        if unit.step is None:
            return self._replace(features=features)
        frozen = self.frozen + self.gone[:, tf.newaxis] * unit.step.read()
        return self._replace(
            features=features, around=unit.carry(self.around), frozen=frozen
        )

    def totals(self, grid: Grid) -> Tensor:
        """The sums of the states of all positions, [N, channels]."""
        channels = self.features.shape[1]
        return self.frozen + tf.cond(
            self.is_whole(grid),
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

        return tf.reshape(
            tf.cond(self.is_whole(grid), lambda: values, put_in_place), grid
        )

    def of_grid(self, values: Tensor) -> Tensor:
        """Values of the grid, [N, h, w], at the set's positions, [own]."""
        values = tf.reshape(values, [-1])
        return tf.cond(
            tf.equal(self.own, tf.size(values)),
            lambda: values,
            lambda: tf.gather(values, self.positions),
        )
