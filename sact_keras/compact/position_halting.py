"""A block of SACT in the compact executor."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from sact_keras.compact.choices import dense_share
from sact_keras.compact.halting_block import HaltingBlock
from sact_keras.compact.position_scores import PositionScores
from sact_keras.compact.positions import Grid, gather_windows, with_zeros
from sact_keras.compact.shared_graphs import SharedGraphs
from sact_keras.compact.unit import CompactUnit
from sact_keras.compact.working_set import WorkingSet
from sact_keras.kernels.types import Tensor
from sact_keras.layers import HaltingDecision
from sact_keras.layers.halting import Halting

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
        self.branches = [PositionScores(*branch) for branch in branches]
        convolutions = self.units[1].convolutions
        self.depth = sum(convolution.side > 1 for convolution in convolutions)
        self.dense_share = dense_share(self.units[1])

    def __call__(
        self,
        features: Tensor,
        policy: Tensor | None = None,
        given: Sequence[Tensor] | None = None,
        compute_budget: Tensor | None = None,
    ) -> dict[str, Any]:
        """Runs the block; see `MaskedBlock`."""
        del policy
        features = self.units[0](features)
        grid, channels = Grid.of(features), features.shape[-1]
        halting, threshold = Halting.start(tuple(grid)), self.threshold(compute_budget)
        if compute_budget is not None:
            threshold = threshold[:, tf.newaxis, tf.newaxis]
        branches = [*self.branches, None]
        by_rows = any(branch.reads_rows for branch in self.branches)
        work = WorkingSet.whole(features, grid, is_read_by_rows=by_rows)
        graphs = SharedGraphs()
        masks, shares, left = [], [], []
        for index, (unit, branch) in enumerate(zip(self.units, branches, strict=True)):
            masks.append(tf.cast(halting.running, tf.float32))
            overruling = None
            if given is not None and branch is not None:
                overruling = given[index + 1]
            state = (work, halting, threshold, grid, overruling)
            if index == 0:
                share, halting, work = self._score(branch, *state)
            else:
                share, halting, work, leaving = graphs.run(
                    self._step, (unit, branch), *state
                )
                left.append(leaving)
            shares.append(share)
        outputs = tf.cond(
            work.is_whole(grid),
            lambda: work.sums,
            lambda: _put_together([*left, (work.positions, work.sums)]),
        )
        outputs = tf.reshape(outputs, (*grid, channels))
        return self.report(outputs, masks, shares, halting)

    def _step(
        self,
        unit: CompactUnit,
        branch: PositionScores | None,
        work: WorkingSet,
        halting: Halting,
        threshold: Tensor,
        grid: Grid,
        given: Tensor | None,
    ) -> tuple[Tensor, Halting, WorkingSet, tuple[Tensor, Tensor]]:
        """Runs a unit and takes in what it makes; also what has left the set."""
        count = tf.math.count_nonzero(halting.running, dtype=tf.int32)
        work, leaving = self._shrink(work, halting.running, count, grid)
        work = self._run(unit, work, halting.running, count, grid)
        return *self._score(branch, work, halting, threshold, grid, given), leaving

    def _score(
        self,
        branch: PositionScores | None,
        work: WorkingSet,
        halting: Halting,
        threshold: Tensor,
        grid: Grid,
        given: Tensor | None,
    ) -> tuple[Tensor, Halting, WorkingSet]:
        """Takes in the states that a unit has made; see `Halting.advance`."""
        score = None
        if branch is not None:
            score = self.overrule(branch(work, grid), given)
        share, halting = halting.advance(score, threshold)
        sums = work.features * work.of_grid(share)[:, tf.newaxis]
        if work.sums is not None:
            sums += work.sums
        return share, halting, work._replace(sums=sums)

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
