"""Halting scores of positions in the compact executor."""

import numpy as np
import tensorflow as tf

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
from sact_keras.compact.local_evidence import LocalEvidence
from sact_keras.compact.positions import Grid
from sact_keras.compact.weight import Weight
from sact_keras.compact.working_set import WorkingSet
from sact_keras.kernels.types import Tensor
from sact_keras.layers.spatial_halting import SpatialHalting


class PositionScores(tf.Module):
    """The scores that a halting branch gives to the positions of a working set.

    Args:
        branch: A layer of `HaltingDecision`, built.
        carried: What the features carry, [channels]; see `carry_shifts`.

    Attributes:
        reads_rows: Whether it reads rows even where the set is the whole grid.
    """

    def __init__(
        self,
        branch: SpatialHalting,
        carried: np.ndarray,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        kernel = array(branch.local_conv.kernel)[..., 0]
        self.channels = kernel.shape[2]
        self.whole = fold_global_evidence(branch, carried)
        self.norm, self.shift, column = None, None, None
        self.reads_rows = not branch.activated
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
        if self.reads_rows:
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
        if not self.reads_rows:
            return self.local.products(self.norm(rows))
        return tf.nn.bias_add(self.local.products(rows), self.shift.read())
