"""Residual units at some positions only."""

import tensorflow as tf

from sact_keras.compact.positions import (
    Grid,
    gather_windows,
    neighbours,
    row_numbers,
    select,
    with_zeros,
)
from sact_keras.compact.unit import CompactUnit
from sact_keras.kernels.types import Tensor


def residual_rows(
    unit: CompactUnit, features: Tensor, mask: Tensor, active: Tensor
) -> Tensor:
    """The residual of a unit at the positions that a mask keeps.

    From the last convolution backwards it is found which positions each has to
    compute: those that a 3x3 behind it reads.

    Args:
        unit: The unit.
        features: Its input, [N, H, W, channels].
        mask: Of its output, [N, h, w].
        active: `select(mask)`.

    Returns:
        [active, filters].
    """
    grids = [Grid.of(features)]
    for convolution in unit.convolutions:
        grids.append(grids[-1].coarsen(convolution.strides))
    # What each convolution computes, and how the rows that it reads are found.
    indices, windows = active, []
    for index in reversed(range(len(unit.convolutions))):
        convolution, grid = unit.convolutions[index], grids[index]
        if convolution.side == 1:
            windows.append(None)
            continue
        before = [convolution.padding_before(size) for size in grid[1:]]
        origins = tf.gather(grid.origins(convolution.strides, before), indices)
        mask = grid.covered(mask, convolution)
        indices = select(mask)
        numbers = row_numbers(mask, tf.size(indices))
        windows.append(neighbours(numbers, origins, grid.width))
    channels = features.shape[-1]
    rows = tf.gather(tf.reshape(features, (-1, channels)), indices)
    rows = unit.preactivate(rows)
    for convolution in unit.convolutions:
        window = windows.pop()
        if window is not None:
            rows = gather_windows(with_zeros(rows), window)
        rows = convolution.of_rows(rows)
    return rows


def run_positions(unit: CompactUnit, features: Tensor, mask: Tensor) -> Tensor:
    """Runs a unit at the positions that a mask keeps.

    Args:
        unit: The unit.
        features: Its input, [N, H, W, channels].
        mask: Of its output, [N, h, w], zeros and ones.

    Returns:
        [N, h, w, filters].
    """
    active = select(mask)
    residual = residual_rows(unit, features, mask, active)
    base = features
    if not unit.keeps_input:
        preact = unit.preactivate(features) if unit.shortcut_of_preact else features
        base = unit.shortcut_branch(features, preact)
    shape = tf.shape(base)
    base = tf.reshape(base, (-1, unit.filters))
    indices = active[:, tf.newaxis]
    if unit.slope is None:
        outputs = tf.tensor_scatter_nd_add(base, indices, residual)
    else:
        rows = unit.activate(tf.gather(base, active) + residual)
        if not unit.keeps_input and unit.activates_dropped:
            base = unit.activate(base)
        outputs = tf.tensor_scatter_nd_update(base, indices, rows)
    return tf.reshape(outputs, shape)
