"""What holds of working sets, however often they shrink."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from sact_keras.accounting import dilate
from sact_keras.compact.positions import Grid, gather_windows, with_zeros
from sact_keras.compact.working_set import WorkingSet


def shrunken(shape, rates, seed, depth):
    """A set that has shrunk some times, with what is true of it.

    Returns:
        (the set, [N, h, w, channels] of all states, which positions go on, all
        (positions, sums) that have left, [N, h, w, channels] of all sums).
    """
    rng = np.random.default_rng(seed)
    features, sums = rng.normal(size=(2, *shape, 3)).astype("float32")
    work = WorkingSet.whole(tf.constant(features), Grid(*map(tf.constant, shape)))
    work = work._replace(sums=tf.reshape(tf.constant(sums), (-1, 3)))
    running, left = np.ones(shape, bool), []
    for rate in rates:
        running &= rng.random(shape) < rate
        work, leaving = work.shrink(tf.constant(running), depth)
        left.append(leaving)
        # A unit changes what goes on, and nothing else.
        features[running] = rng.normal(size=(running.sum(), 3))
        work = work._replace(features=tf.constant(features[running]))
    return work, features, running, left, sums


@pytest.mark.parametrize("depth", [1, 2])
@settings(max_examples=20, deadline=None, database=None)
@given(
    shape=st.tuples(st.integers(1, 3), st.integers(1, 6), st.integers(1, 6)),
    rates=st.lists(st.sampled_from([0.0, 0.3, 0.8, 1.0]), min_size=1, max_size=3),
    seed=st.integers(0, 99),
)
def test_shrinking(shape, rates, seed, depth):
    work, features, running, left, sums = shrunken(shape, rates, seed, depth)
    own, size = running.sum(), np.prod(shape)
    np.testing.assert_array_equal(work.positions, np.flatnonzero(running))
    assert int(work.own) == own
    np.testing.assert_array_equal(work.sums, sums[running])
    # Rows that are read: the set's, and the frozen ones around it.
    numbers, rows = work.numbers.numpy(), tf.concat([work.features, work.around], 0)
    reached = running.astype("float32")
    for _ in range(depth):
        reached = dilate(tf.constant(reached)).numpy()
    flat = reached.ravel() > 0
    assert len(rows) == flat.sum()
    np.testing.assert_array_equal(numbers[~flat], len(rows))
    np.testing.assert_array_equal(
        tf.gather(rows, numbers[flat]), features.reshape(-1, 3)[flat]
    )
    # Everything else has left, once.
    places = np.concatenate([positions for positions, _ in left])
    assert sorted([*places, *work.positions.numpy()]) == list(range(size))
    np.testing.assert_array_equal(
        np.concatenate([of_leaving for _, of_leaving in left]),
        sums.reshape(-1, 3)[places],
    )
    grid = Grid(*map(tf.constant, shape))
    np.testing.assert_array_equal(work.gone, (~running).sum(axis=(1, 2)))
    np.testing.assert_allclose(
        work.totals(grid), features.sum(axis=(1, 2)), rtol=1e-4, atol=1e-4
    )
    on_grid = work.on_grid(tf.range(1.0, own + 1.0), grid).numpy()
    np.testing.assert_array_equal(on_grid[running], np.arange(1.0, own + 1.0))
    np.testing.assert_array_equal(on_grid[~running], 0.0)


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("rates", [(1.0,), (0.4,), (0.7, 0.5)], ids=str)
def test_windows(rates, depth):
    """A 3x3 kernel finds all that a dense convolution reads."""
    shape = (2, 6, 5)
    work, features, running, _, _ = shrunken(shape, rates, seed=1, depth=depth)
    kernel = np.random.default_rng(2).normal(size=(3, 3, 3, 4)).astype("float32")
    rows = with_zeros(work.features, work.around)
    actual = tf.matmul(gather_windows(rows, work.windows), kernel.reshape(27, 4))
    expected = tf.nn.conv2d(features, kernel, 1, "SAME").numpy()
    own = int(work.own)
    np.testing.assert_allclose(actual[:own], expected[running], rtol=1e-4, atol=1e-4)
    # Those within one step are computed, too, for a second convolution.
    inner = (dilate(tf.constant(running.astype("float32"))).numpy() > 0) & ~running
    inner &= depth == 2
    np.testing.assert_allclose(actual[own:], expected[inner], rtol=1e-4, atol=1e-4)
