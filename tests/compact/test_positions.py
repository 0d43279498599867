"""Sets of positions, against loops over the grid."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from sact_keras.compact.convolution import Convolution
from sact_keras.compact.positions import (
    Grid,
    count_before,
    gather_windows,
    neighbour_table,
    neighbours,
    row_numbers,
    select,
    with_zeros,
)

shapes = st.tuples(st.integers(1, 3), st.integers(1, 7), st.integers(1, 6))
checked = settings(max_examples=25, deadline=None, database=None)


def random_mask(shape, seed, rate=0.3):
    rng = np.random.default_rng(seed)
    return (rng.random(shape) < rate).astype("float32")


def grid_of(shape):
    return Grid(*(tf.constant(side) for side in shape))


def windows(shape, strides, same_padding):
    """For each output of a 3x3 kernel: its index, and the inputs that it reads.

    Yields:
        ((image, row, column), [(place in the kernel, (image, row, column)), ...]).
    """
    images, *size = shape
    starts = []
    for side in size:
        outputs = -(-side // strides)
        before = 1
        if strides > 1 and same_padding:
            before = max((outputs - 1) * strides + 3 - side, 0) // 2
        starts.append([output * strides - before for output in range(outputs)])
    for image in range(images):
        for row, top in enumerate(starts[0]):
            for column, left in enumerate(starts[1]):
                reads = [
                    (3 * i + j, (image, top + i, left + j))
                    for i, j in itertools.product(range(3), repeat=2)
                    if 0 <= top + i < size[0] and 0 <= left + j < size[1]
                ]
                yield (image, row, column), reads


@checked
@given(shapes, st.integers(0, 99))
def test_how_many_are_kept_before(shape, seed):
    mask = random_mask(shape, seed)
    expected = np.cumsum(mask.ravel()).reshape(shape) - mask
    np.testing.assert_array_equal(count_before(tf.constant(mask)), expected)


@pytest.mark.parametrize("same_padding", [False, True])
@pytest.mark.parametrize("strides", [1, 2])
@checked
@given(shape=shapes, seed=st.integers(0, 99))
def test_what_a_convolution_reads(shape, seed, strides, same_padding):
    kernel = np.ones((3, 3, 1, 1), "float32")
    convolution = Convolution(kernel, strides=strides, same_padding=same_padding)
    grid = grid_of(shape)
    mask = random_mask([int(side) for side in grid.coarsen(strides)], seed)
    expected = np.zeros(shape)
    for place, reads in windows(shape, strides, same_padding):
        for _, position in reads:
            expected[position] = max(expected[position], mask[place])
    covered = grid.covered(tf.constant(mask), convolution)
    np.testing.assert_array_equal(covered, expected)


@pytest.mark.parametrize("same_padding", [False, True])
@pytest.mark.parametrize("strides", [1, 2])
@checked
@given(shape=shapes, seed=st.integers(0, 99))
def test_rows_under_a_kernel(shape, seed, strides, same_padding):
    """Of the positions that have rows; all others are the row of zeros."""
    kept = random_mask(shape, seed, rate=0.6)
    features = np.random.default_rng(seed).normal(size=(*shape, 2)).astype("float32")
    kernel = np.random.default_rng(seed + 1).normal(size=(3, 3, 2, 3))
    convolution = Convolution(
        kernel.astype("float32"), strides=strides, same_padding=same_padding
    )
    grid = grid_of(shape)
    before = [convolution.padding_before(size) for size in grid[1:]]
    indices = select(tf.constant(kept))
    numbers = row_numbers(tf.constant(kept), tf.size(indices))
    table = neighbours(numbers, grid.origins(strides, before), grid.width).numpy()
    number, order = len(indices), np.cumsum(kept.ravel()).reshape(shape) - 1
    for actual, (_, reads) in zip(
        table, windows(shape, strides, same_padding), strict=True
    ):
        expected = np.full(9, number)
        for place, position in reads:
            if kept[position]:
                expected[place] = order[position]
        np.testing.assert_array_equal(actual, expected)
    rows = tf.gather(features.reshape(-1, 2), indices)
    by_rows = convolution.of_rows(gather_windows(with_zeros(rows), table))
    whole = convolution(features * kept[..., np.newaxis])
    np.testing.assert_allclose(
        by_rows, tf.reshape(whole, (-1, 3)), rtol=1e-4, atol=1e-4
    )


@checked
@given(shape=shapes, strides=st.integers(1, 2))
def test_the_table_of_a_whole_grid(shape, strides):
    grid = grid_of(shape)
    table = neighbour_table(grid, strides)
    everywhere = tf.ones(shape)
    numbers = row_numbers(everywhere, grid.size)
    for actual, (_, reads) in zip(table, windows(shape, strides, False), strict=True):
        expected = np.full(9, np.prod(shape))
        for place, position in reads:
            expected[place] = np.ravel_multi_index(position, shape)
        np.testing.assert_array_equal(actual, expected)
    assert numbers.shape[0] == shape[0] * (shape[1] + 2) * (shape[2] + 2)


def test_the_image_of_a_position():
    positions = tf.range(2 * 3 * 4)
    images = grid_of((2, 3, 4)).image_of(positions)
    np.testing.assert_array_equal(images, np.repeat([0, 1], 12))
