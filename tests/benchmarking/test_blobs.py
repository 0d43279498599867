import numpy as np
import pytest

from sact_keras.benchmarking.blobs import random_field


def test_correlation_falls_within_a_quarter_of_the_side():
    generator = np.random.default_rng(0)
    fields = np.stack([random_field((32, 16), generator) for _ in range(4000)])
    for axis, side in ((1, 32), (2, 16)):
        lines = np.moveaxis(fields, axis, -1)[:, 3]
        near, far = side // 4, 3 * side // 4
        at = np.corrcoef(lines, rowvar=False)[0]
        assert at[near] == pytest.approx(np.exp(-1), abs=0.06)
        assert abs(at[far]) < 0.06


def test_positions_near_the_edge_are_like_all_others():
    generator = np.random.default_rng(0)
    fields = np.stack([random_field((8, 8), generator) for _ in range(4000)])
    deviations = fields.std(axis=0)
    np.testing.assert_allclose(deviations, deviations.mean(), rtol=0.06)


def test_one_position():
    assert random_field((1, 1), np.random.default_rng(0)).shape == (1, 1)
