import json

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_training import tiny_model

from sact_keras.training.unit_rates import UnitRates, executed_shares


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), batch_size=st.integers(1, 12))
def test_rates_are_means_over_the_images_of_a_class(seed, batch_size):
    generator = np.random.default_rng(seed)
    shares = generator.uniform(size=(11, 3)).astype("float32")
    labels = generator.integers(0, 4, size=11)
    rates = UnitRates((1, 2), num_classes=5)
    for begin in range(0, 11, batch_size):
        end = begin + batch_size
        rates.add(shares[begin:end], labels[begin:end])
    np.testing.assert_allclose(rates.mean, shares.mean(axis=0, dtype="float64"))
    np.testing.assert_array_equal(rates.counts, np.bincount(labels, minlength=5))
    for label in range(5):
        of_class = shares[labels == label].astype("float64")
        if len(of_class):
            np.testing.assert_allclose(rates.by_class[label], of_class.mean(axis=0))
        else:
            assert np.isnan(rates.by_class[label]).all()


def test_the_order_of_batches_is_all_that_counts():
    """To the last bit: sums of float32 shares in float64 would differ otherwise."""
    generator = np.random.default_rng(0)
    shares = generator.uniform(size=(1000, 2)) ** 9
    labels = generator.integers(0, 3, size=1000)
    one, many = UnitRates((2,), 3), UnitRates((2,), 3)
    one.add(shares, labels)
    for begin in range(0, 1000, 7):
        many.add(shares[begin : begin + 7], labels[begin : begin + 7])
    np.testing.assert_array_equal(one.by_class, many.by_class)


def test_shares_of_images_and_of_positions():
    masks = [
        tf.constant([1.0, 0.0]),
        tf.constant([[[1.0, 0.0], [1.0, 1.0]], [[0.0, 0.0], [0.0, 1.0]]]),
    ]
    expected = [[1.0, 0.75], [0.0, 0.25]]
    np.testing.assert_array_equal(executed_shares(masks), expected)


def test_only_what_decides_has_rates():
    assert UnitRates.of(tiny_model("vanilla")) is None
    rates = UnitRates.of(tiny_model("act"))
    assert rates.num_units == (1, 2, 1)
    assert rates.by_class.shape == (10, 4)
    assert rates.target_rates is None


def test_target_rates_are_those_of_the_model():
    rates = UnitRates.of(tiny_model("aig", target_rates="1,0.5,t,0.7", target_rate=0.3))
    assert rates.target_rates == (1.0, 0.5, 0.3, 0.7)


@pytest.mark.parametrize("target_rates", [None, (1.0, 0.5)])
def test_json(target_rates):
    rates = UnitRates((1, 1), 2, target_rates)
    rates.add([[1.0, 0.25], [1.0, 0.75]], [1, 1])
    content = json.loads(json.dumps(rates.as_dict(["cat", "dog"]), allow_nan=False))
    assert content.pop("target_rates", None) == (
        None if target_rates is None else [1.0, 0.5]
    )
    assert content == {
        "units": ["block_1/unit_1", "block_2/unit_1"],
        "mean_rates": [1.0, 0.5],
        "classes": ["cat", "dog"],
        "class_counts": [0, 2],
        "class_rates": [[None, None], [1.0, 0.5]],
    }
