"""Tests of percentiles of values in chunks."""

import numpy as np
import pytest

from sact_keras.visualization.value_range import value_range


@pytest.mark.parametrize("percentiles", [(0.1, 99.9), (0, 100), (25, 60), (50, 50)])
@pytest.mark.parametrize("total", [1, 2, 7, 1000, 12_345])
def test_equals_numpy(total, percentiles):
    values = np.random.default_rng(total).normal(size=total).astype(np.float32)
    chunks = np.array_split(values, max(1, total // 97))
    expected = np.percentile(values.astype(np.float64), percentiles)
    found = value_range(chunks, total, percentiles)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_values_that_are_alike_and_shapes_do_not_matter():
    maps = np.random.default_rng(0).integers(3, 6, (50, 8, 8)).astype(np.float32)
    assert value_range([maps[:20], maps[20:]], maps.size) == (3.0, 5.0)


def test_outliers_do_not_stretch_the_range():
    values = np.r_[-1e6, np.linspace(2, 5, 4000), 1e6]
    low, high = value_range([values], values.size)
    assert 2 <= low < 2.01
    assert 4.99 < high <= 5


@pytest.mark.parametrize(
    ("total", "percentiles"),
    [(0, (0, 100)), (4, (0, 100)), (5, (60, 40)), (5, (0, 101))],
)
def test_arguments_are_checked(total, percentiles):
    with pytest.raises(ValueError, match="Received"):
        value_range([np.arange(5)], total, percentiles)
