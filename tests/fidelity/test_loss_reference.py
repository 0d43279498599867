"""The losses of gated networks beside those of the oracle, in float64.

Gradients are compared with the differences of the oracle's losses, which know nothing
of gradients.
"""

import keras
import numpy as np
import pytest
from gated_cases import EVALUATION
from gradients import differences, gradient_of
from hypothesis import given, settings
from hypothesis import strategies as st
from loss_reference import budget_bounds, budget_loss, target_rate_loss

from sact_keras import losses
from sact_keras.layers.gumbel import straight_through

budgets = st.floats(0.05, 1.0)
moments = st.tuples(st.integers(0, 400), st.integers(1, 400)).map(sorted)
seeds = st.integers(0, 1000)


def draw_costs(seed, units):
    """Units' (costs, dense costs), as shares of all dense costs."""
    rng = np.random.default_rng(seed)
    dense_costs = rng.uniform(0.2, 2.0, units)
    dense_costs /= dense_costs.sum()
    return dense_costs * rng.uniform(0.02, 0.98, units), dense_costs


def draw_rates(seed, units):
    rng = np.random.default_rng(seed)
    masks = rng.random((units, 8)) < rng.random((units, 1))
    targets = rng.choice([0.0, 0.3, 0.6, 1.0], units)
    return masks, [float(target) for target in targets]


@pytest.mark.parametrize("epochs", [1, 7, 100, 350])
@pytest.mark.parametrize("budget", [0.1, 0.5, 1.0])
def test_bounds_in_the_course_of_a_training(budget, epochs):
    moments = np.arange(epochs + 1)
    actual = losses.budget_bounds(budget, (moments / epochs).astype("float32"))
    expected = [budget_bounds(budget, epoch, epochs) for epoch in moments]
    np.testing.assert_allclose(np.transpose(actual), expected, rtol=1e-5, atol=1e-6)
    lower, upper = np.array(actual)
    assert lower[0] == pytest.approx(budget) and upper[0] == pytest.approx(budget)
    assert (np.diff(lower) <= 0).all() and (np.diff(upper) >= 0).all()
    opened = moments >= 0.33 * epochs
    np.testing.assert_allclose(lower[opened], 0, atol=1e-6)
    np.testing.assert_allclose(upper[opened], 1, atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(1, 9), budgets, moments, st.floats(0, 10))
def test_budget_loss(seed, units, budget, moment, weight):
    costs, dense_costs = draw_costs(seed, units)
    epoch, epochs = moment
    means = {"cost": costs, "dense_cost": dense_costs}
    actual = losses.budget_loss(means, budget, epoch / epochs, weight)
    expected = weight * budget_loss(costs, dense_costs, budget, epoch, epochs)
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-7)


@settings(max_examples=15, deadline=None)
@given(seeds, st.integers(1, 6), budgets, moments)
def test_gradient_of_the_budget_loss(seed, units, budget, moment):
    costs, dense_costs = draw_costs(seed, units)
    epoch, epochs = moment
    actual = gradient_of(
        lambda cost: losses.budget_loss(
            {"cost": cost, "dense_cost": dense_costs}, budget, epoch / epochs
        ),
        costs,
    )
    expected = differences(
        lambda cost: budget_loss(cost, dense_costs, budget, epoch, epochs), costs
    )
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5)


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(1, 9), st.sampled_from([1.0, 2.0]), st.booleans())
def test_target_rate_loss(seed, units, weight, leaves_out):
    masks, targets = draw_rates(seed, units)
    left_out = [u for u, target in enumerate(targets) if leaves_out and target == 1]
    counted = [u not in left_out for u in range(units)]
    actual = losses.target_rate_loss(masks.mean(axis=1), targets, weight, counted)
    expected = target_rate_loss(masks, targets, weight, left_out)
    np.testing.assert_allclose(actual, expected, rtol=1e-6, atol=1e-9)


@settings(max_examples=15, deadline=None)
@given(seeds, st.integers(1, 6), st.booleans())
def test_gradient_of_the_target_rate_loss(seed, units, leaves_out):
    masks, targets = draw_rates(seed, units)
    left_out = [u for u, target in enumerate(targets) if leaves_out and target == 1]
    counted = [u not in left_out for u in range(units)]
    rates = masks.mean(axis=1)
    actual = gradient_of(
        lambda rates: losses.target_rate_loss(rates, targets, 2.0, counted), rates
    )
    expected = differences(
        lambda rates: target_rate_loss(rates[:, None], targets, 2.0, left_out), rates
    )
    np.testing.assert_allclose(actual, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("temperature", [1.0, 2.5, 5.0])
@pytest.mark.parametrize("name", ["dynconv, odd", "bottlenecks, odd"])
def test_gradient_of_the_budget_loss_by_the_scores(name, temperature):
    """A mask passes on its sigmoid's gradient, its dilation none."""
    case, moment = EVALUATION[name], (30, 350)
    oracle = case.oracle()
    outputs = oracle(case.pixels)
    scores, given_masks = outputs["scores"], outputs["masks"]
    costs, dense_costs = (
        np.sum(each, axis=1) for each in (oracle.costs, oracle.dense_costs)
    )
    scale = dense_costs.sum()
    by_cost = differences(
        lambda shares: budget_loss(shares, dense_costs / scale, 0.3, *moment),
        costs / scale,
    )
    model = case.build()

    def loss_by_score(score, place):
        masks = [np.float32(mask) for mask in given_masks]
        masks[place] = straight_through(score, temperature, at_zero=1.0)
        statistics = losses.budget_statistics(model, {"masks": masks})
        means = {key: keras.ops.mean(v, axis=0) for key, v in statistics.items()}
        return losses.budget_loss(means, 0.3, moment[0] / moment[1])

    for place, (scope, score) in enumerate(zip(case.scopes, scores, strict=True)):
        numbers = range(2, 4 if case.unit == "bottleneck" else 3)
        weights = sum(oracle.weights(f"{scope}.conv{number}") for number in numbers)
        soft = 1 / (1 + np.exp(-score / temperature))
        by_mask = by_cost[place] * weights / scale
        expected = by_mask * soft * (1 - soft) / temperature
        actual = gradient_of(lambda s, i=place: loss_by_score(s, i), np.float32(score))
        assert np.abs(expected).max() > 0
        error = np.linalg.norm(actual - expected)
        assert error <= 1e-4 * np.linalg.norm(expected), scope
