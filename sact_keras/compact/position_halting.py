"""A block of SACT in the compact executor."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from sact_keras.compact.choices import dense_share
from sact_keras.compact.folding import (
    array,
    fold_preactivation,
    scale_and_shift,
    single,
)
from sact_keras.compact.global_evidence import (
    fold_global_evidence,
    linear_global_evidence,
)
from sact_keras.compact.halting_block import HaltingBlock
from sact_keras.compact.local_evidence import LocalEvidence
from sact_keras.compact.positions import Grid, gather_windows, with_zeros
from sact_keras.compact.unit import CompactUnit
from sact_keras.compact.weight import Weight
from sact_keras.compact.working_set import WorkingSet
from sact_keras.kernels.types import Tensor
from sact_keras.layers import HaltingDecision
from sact_keras.layers.halting import Halting
from sact_keras.layers.spatial_halting import SpatialHalting

_SHRINK_BELOW = 0.9
"""The share of a working set that has to go on for the set to stay as it is."""


class PositionHaltingBlock(HaltingBlock):
    """Runs units until positions halt; see `HaltingDecision`.

    A position that has halted never runs again in the block, so the rows that are
    worked on shrink to those that go on, and those around them, whose state is frozen.
    Rows that leave are put in their places once, when the block ends.

    Args:
        units: The units.
        decision: The layer, built.
    """

    def __init__(
        self,
        units: Sequence[CompactUnit],
        decision: HaltingDecision,
        name: str | None = None,
    ) -> None:
        super().__init__(units, decision, name=name)
        branches = zip(decision.branches, self.carried[:-1], strict=True)
        self.branches = [_Branch(*branch) for branch in branches]
        convolutions = self.units[1].convolutions
        self.depth = sum(convolution.side > 1 for convolution in convolutions)
        self.dense_share = dense_share(self.units[1])

    def __call__(
        self,
        features: Tensor,
        policy: Tensor | None = None,
        given: Sequence[Tensor] | None = None,
    ) -> dict[str, Any]:
        """Runs the block; see `MaskedBlock`."""
        del policy
        features = self.units[0](features)
        grid, channels = Grid.of(features), features.shape[-1]
        halting = Halting.start(tuple(grid))
        by_rows = any(branch.norm is None for branch in self.branches)
        work = WorkingSet.whole(features, grid, is_read_by_rows=by_rows)
        masks, shares, left = [tf.ones(grid)], [], []
        for index, unit in enumerate(self.units):
            if index > 0:
                masks.append(tf.cast(halting.running, tf.float32))
                count = tf.math.count_nonzero(halting.running, dtype=tf.int32)
                work, leaving = self._shrink(work, halting.running, count, grid)
                left.append(leaving)
                work = self._run(unit, work, halting.running, count, grid)
            score = None
            if index < len(self.branches):
                score = self.branches[index](work, grid)
                score = self.overrule(index, score, given)
            share, halting = halting.advance(score, self.eps)
            shares.append(share)
            sums = work.features * work.of_grid(share)[:, tf.newaxis]
            work = work._replace(sums=sums if index == 0 else work.sums + sums)
        outputs = tf.cond(
            work.is_whole(grid),
            lambda: work.sums,
            lambda: _put_together([*left, (work.positions, work.sums)]),
        )
        outputs = tf.reshape(outputs, (*grid, channels))
        return self.report(outputs, masks, shares, halting)

    def _shrink(
        self, work: WorkingSet, running: Tensor, count: Tensor, grid: Grid
    ) -> tuple[WorkingSet, tuple[Tensor, Tensor]]:
        """Takes positions out that have halted, if they are enough to be worth it.

        Returns:
            The set; and what leaves it: positions and their share of the output.
        """
        limit = tf.where(work.is_whole(grid), self.dense_share, _SHRINK_BELOW)
        worth_it = tf.cast(count, tf.float32) < limit * tf.cast(work.own, tf.float32)

        def shrink() -> tuple[WorkingSet, tuple[Tensor, Tensor]]:
            return work.shrink(running, self.depth)

        def keep() -> tuple[WorkingSet, tuple[Tensor, Tensor]]:
            nobody = tf.zeros([0], tf.int32), tf.zeros([0, work.sums.shape[1]])
            return work, nobody

        shrunken, left = tf.cond(worth_it, shrink, keep)
        for part, before in zip(shrunken, work, strict=True):
            part.set_shape([None, *before.shape[1:]] if before.shape.rank else [])
        left[1].set_shape((None, work.sums.shape[1]))
        return shrunken, left

    def _run(
        self,
        unit: CompactUnit,
        work: WorkingSet,
        running: Tensor,
        count: Tensor,
        grid: Grid,
    ) -> WorkingSet:
        """Runs a unit for what goes on."""
        channels = work.features.shape[1]
        # Nobody has halted and is still in the set.
        exact = tf.equal(count, work.own)

        def everywhere() -> Tensor:
            features = tf.reshape(work.features, (*grid, channels))
            return tf.reshape(unit(features), (-1, channels))

        def somewhere() -> Tensor:
            return unit.activate(work.features + _residual_rows(unit, work))

        made = tf.cond(work.is_whole(grid), everywhere, somewhere)
        features = tf.cond(
            exact,
            lambda: made,
            lambda: unit.choose(work.of_grid(running), made, work.features),
        )
        features.set_shape((None, channels))
        return work.advance(features, unit)


class _Branch(tf.Module):
    """The halting scores of a working set."""

    def __init__(self, branch: SpatialHalting, carried: np.ndarray) -> None:
        super().__init__()
        kernel = array(branch.local_conv.kernel)[..., 0]
        self.channels = kernel.shape[2]
        self.whole = fold_global_evidence(branch, carried)
        self.norm, self.shift, column = None, None, None
        if branch.activated:
            self.norm, factors = fold_preactivation(
                branch.local_bn, branch.style.negative_slope, carried
            )
            kernel = kernel * factors
        else:
            # Both kinds of evidence are linear, so one matrix product has both: nine
            # columns for the places of the kernel, a tenth for the mean.
            scale, shift = scale_and_shift(branch.local_bn, carried)
            column, bias = linear_global_evidence(branch, carried)
            self.shift = Weight([*(kernel @ shift).reshape(9), bias])
            kernel, column = kernel * scale, single(column)
        bias = array(branch.local_conv.bias)[0]
        self.local = LocalEvidence(single(kernel), whole=column, bias=single(bias))

    def __call__(self, work: WorkingSet, grid: Grid) -> Tensor:
        """Scores, [N, h, w]; zeros outside the set."""
        if self.norm is None:
            return self._linear_scores(work, grid)
        whole = self.whole(work.totals(grid) / grid.positions_of_an_image)

        def of_grid() -> Tensor:
            features = tf.reshape(self.norm(work.features), (*grid, -1))
            features = tf.ensure_shape(features, (None, None, None, self.channels))
            return tf.sigmoid(self.local(features) + whole[:, tf.newaxis, tf.newaxis])

        def of_rows() -> Tensor:
            images = grid.image_of(work.positions)
            score = self._of_rows(work)[0] + tf.gather(whole, images)
            return work.on_grid(tf.sigmoid(score), grid)

        return tf.cond(work.is_whole(grid), of_grid, of_rows)

    def _linear_scores(self, work: WorkingSet, grid: Grid) -> Tensor:
        count = grid.positions_of_an_image
        images = grid.image_of(work.positions)
        local, products = self._of_rows(work)
        sums = tf.math.unsorted_segment_sum(products[:, 9], images, grid.images)
        frozen = tf.matmul(work.frozen, self.local.whole.read())[:, 0]
        # The constant counts for those that have left, too.
        frozen += work.gone * self.shift.read()[9]
        whole = (sums + frozen) / count
        return work.on_grid(tf.sigmoid(local + tf.gather(whole, images)), grid)

    def _of_rows(self, work: WorkingSet) -> tuple[Tensor, Tensor]:
        products = self._products(work.features)
        around = tf.concat([products, self._products(work.around)], axis=0)
        local = self.local.sum_windows(around, work.windows[: work.own])
        return local + self.local.bias.read(), products

    def _products(self, rows: Tensor) -> Tensor:
        if self.norm is not None:
            return self.local.products(self.norm(rows))
        return tf.nn.bias_add(self.local.products(rows), self.shift.read())


def _put_together(parts: list[tuple[Tensor, Tensor]]) -> Tensor:
    """Rows in the order of their positions, which are all there are."""
    positions, rows = (tf.concat(part, axis=0) for part in zip(*parts, strict=True))
    return tf.gather(rows, tf.math.invert_permutation(positions))


def _residual_rows(unit: CompactUnit, work: WorkingSet) -> Tensor:
    """The residual at a working set's positions, [own, filters]."""
    rows = [unit.preactivate(work.features), unit.preactivate(work.around)]
    computed = False
    for convolution in unit.convolutions:
        more = unit.step if convolution is unit.convolutions[-1] else None
        if convolution.side == 1:
            # Apart from each other for as long as what is around is read, so that
            # only what a 3x3 reads is put together.
            rows = [convolution.of_rows(part, more) for part in rows]
            continue
        together = with_zeros(*rows)
        windows = work.windows
        if computed:
            # Of the rows that the first 3x3 has computed, which come first.
            windows = tf.minimum(windows[: work.own], tf.shape(together)[0] - 1)
        rows = [convolution.of_rows(gather_windows(together, windows), more)]
        computed = True
    return rows[0]
