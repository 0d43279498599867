"""The thresholds of decisions under a compute budget."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops

from sact_keras.layers.compute_budget import (
    budget_of_images,
    halting_threshold,
    probability_threshold,
    score_threshold,
)

BUDGETS = st.floats(2.0**-20, 2.0**20, width=32)


def of(function, *arguments, budget):
    budget = ops.array([budget], "float32")
    return float(ops.convert_to_numpy(function(*arguments, budget))[0])


def odds(probability):
    return probability / (1 - probability)


@given(BUDGETS)
def test_odds_are_multiplied(budget):
    probability = 1 / (1 + np.exp(-of(score_threshold, budget=budget)))
    np.testing.assert_allclose(odds(probability), 1 / budget, rtol=1e-4)
    probability = of(probability_threshold, budget=budget)
    np.testing.assert_allclose(probability, 1 / (1 + budget), rtol=1e-5)


@given(st.floats(0.001, 0.5), st.floats(2.0**-10, 2.0**5, width=32))
def test_halting_waits_for_odds_that_are_multiplied(eps, budget):
    threshold = of(halting_threshold, eps, budget=budget)
    expected = budget * odds(1 - eps)
    np.testing.assert_allclose(threshold, expected / (1 + expected), rtol=1e-5)


@given(st.floats(0.001, 0.999))
def test_a_budget_of_one_is_what_was_trained(eps):
    assert of(halting_threshold, eps, budget=1.0) == np.float32(1.0 - eps)
    assert of(score_threshold, budget=1.0) == 0.0
    assert of(probability_threshold, budget=1.0) == 0.5


def test_extremes():
    assert of(halting_threshold, 0.01, budget=0.0) == 0.0
    assert of(halting_threshold, 0.01, budget=np.inf) == 1.0
    assert of(score_threshold, budget=0.0) == np.inf
    assert of(score_threshold, budget=np.inf) == -np.inf
    # Nothing reaches it, not even a probability that was rounded to 1.
    assert of(probability_threshold, budget=0.0) > 1.0
    assert of(probability_threshold, budget=np.inf) == 0.0


def test_forms_of_a_budget():
    images = np.zeros((3, 2, 2, 3), "float32")
    assert budget_of_images(None, images) is None
    for budget in (2, np.float32(2.0), [2.0, 2.0, 2.0]):
        taken = ops.convert_to_numpy(budget_of_images(budget, images))
        np.testing.assert_array_equal(taken, np.full(3, 2.0, "float32"))


@pytest.mark.parametrize("budget", [-0.5, float("nan"), [1.0, 2.0], [[1.0]] * 3])
def test_what_is_no_budget_is_refused(budget):
    with pytest.raises(ValueError, match=r"compute_budget must.*Received: compute_b"):
        budget_of_images(budget, np.zeros((3, 2, 2, 3), "float32"))


def test_training_takes_none():
    with pytest.raises(ValueError, match="compute_budget must be None in training"):
        budget_of_images(0.5, np.zeros((3, 2, 2, 3), "float32"), training=True)
