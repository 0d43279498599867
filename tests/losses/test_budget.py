import numpy as np
import pytest
import tensorflow as tf

import sact_keras
from sact_keras.layers import PostactivationBottleneck, PostactivationUnit, Style
from sact_keras.losses import (
    budget_bounds,
    budget_loss,
    budget_statistics,
    unit_cost,
)

STYLE = Style(momentum=0.9, epsilon=1e-5)


def built(unit_class, filters, strides):
    unit = unit_class(filters, strides, style=STYLE)
    unit.build((None, None, None, 8))
    return unit


# One position in the corner and one within: 4 and 9 positions are read around them.
MASK = np.zeros((2, 4, 5), "float32")
MASK[0, 0, 0] = MASK[0, 2, 3] = 1


def test_cost_of_a_basic_unit_by_hand():
    unit = built(PostactivationUnit, 16, strides=2)
    first, second = 9 * 8 * 16, 9 * 16 * 16
    cost, dense_cost = unit_cost(unit, tf.constant(MASK))
    np.testing.assert_array_equal(cost, [first * 13 + second * 2, 0])
    np.testing.assert_array_equal(dense_cost, [(first + second) * 20] * 2)


@pytest.mark.parametrize(
    # Spread by two, the corner's 3x3 covers 4 positions, the other's 9.
    ("strides", "ahead", "grid"),
    [(1, 13, 20), (2, 13, 80)],
)
def test_cost_of_a_bottleneck_by_hand(strides, ahead, grid):
    """With a stride, the first 1x1 runs on a grid of twice the mask's sides."""
    unit = built(PostactivationBottleneck, 16, strides)
    first, rest = 8 * 4, 9 * 4 * 4 + 4 * 16
    cost, dense_cost = unit_cost(unit, tf.constant(MASK))
    np.testing.assert_array_equal(cost, [first * ahead + rest * 2, 0])
    # Of a full mask spread to every other position, each of the finer grid is read.
    np.testing.assert_array_equal(dense_cost, [first * grid + rest * 20] * 2)


def test_the_mask_carries_the_gradient_and_its_dilation_none():
    unit = built(PostactivationUnit, 16, strides=1)
    mask = tf.constant(MASK)
    with tf.GradientTape() as tape:
        tape.watch(mask)
        cost, _ = unit_cost(unit, mask)
    np.testing.assert_array_equal(
        tape.gradient(cost, mask), np.full(MASK.shape, 9 * 16 * 16)
    )


@pytest.mark.parametrize(
    ("progress", "tightness"),
    [
        (0.0, 1.0),
        (0.11, 0.75),  # cos^2 of 30 degrees
        (0.165, 0.5),
        (0.22, 0.25),
        (0.33, 0.0),
        (0.8, 0.0),
        (1.0, 0.0),
    ],
)
@pytest.mark.parametrize("budget", [0.25, 0.6, 1.0])
def test_bounds_open_from_the_budget_to_everything(budget, progress, tightness):
    lower, upper = budget_bounds(budget, progress)
    np.testing.assert_allclose(lower, tightness * budget, atol=1e-6)
    np.testing.assert_allclose(upper, 1 - tightness * (1 - budget), atol=1e-6)


MEANS = {
    "cost": np.array([0.09, 0.3, 0.06]),
    "dense_cost": np.array([0.1, 0.6, 0.3]),
}
# The units run 0.9, 0.5 and 0.2 of themselves, all together 0.45.


@pytest.mark.parametrize(
    ("progress", "outside"),
    [
        (0.0, 0.4**2 + 0.0 + 0.3**2),  # Each unit is held to the budget.
        (0.165, 0.15**2 + 0.0 + 0.05**2),  # Within 0.25 and 0.75.
        (0.22, 0.025**2),  # Within 0.125 and 0.875.
        (0.33, 0.0),
        (1.0, 0.0),
    ],
)
def test_value_by_hand(progress, outside):
    expected = 10 * ((0.45 - 0.5) ** 2 + outside / 3)
    loss = budget_loss(MEANS, 0.5, progress, weight=10.0)
    np.testing.assert_allclose(loss, expected, rtol=1e-6)


@pytest.mark.parametrize("progress", [0.0, 1.0])
def test_gradient_by_hand(progress):
    cost = tf.constant(MEANS["cost"], "float32")
    dense_cost = tf.constant(MEANS["dense_cost"], "float32")
    with tf.GradientTape() as tape:
        tape.watch(cost)
        loss = budget_loss({"cost": cost, "dense_cost": dense_cost}, 0.5, progress)
    network = 2 * (0.45 - 0.5)
    # Of max(0, share - 0.5)^2 + max(0, 0.5 - share)^2 over three units, by cost.
    units = np.array([2 * 0.4 / 0.1, 0.0, -2 * 0.3 / 0.3]) / 3
    expected = network + units * (progress == 0)
    np.testing.assert_allclose(tape.gradient(loss, cost), expected, atol=1e-5)


def build(**arguments):
    return sact_keras.build_model(
        "dynconv", model="1_2_1", base_channels=4, **arguments
    )


@pytest.fixture
def images():
    return np.random.default_rng(0).normal(size=(3, 9, 12, 3)).astype("float32")


def test_statistics_are_shares_of_the_networks_dense_cost(images):
    model = build()
    outputs = model(images, training=True)
    statistics = budget_statistics(model, outputs)
    units = [unit for block in model.blocks for unit in block.units]
    costs = [
        np.array(unit_cost(unit, mask), "float64")
        for unit, mask in zip(units, outputs["masks"], strict=True)
    ]
    costs = np.stack(costs, axis=-1)  # [cost or dense cost, image, unit]
    total = costs[1].sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(statistics["cost"], costs[0] / total, rtol=1e-5)
    np.testing.assert_allclose(statistics["dense_cost"], costs[1] / total, rtol=1e-5)
    assert statistics["cost"].shape == (3, 4)


@pytest.mark.parametrize("progress", [0.0, 0.2, 1.0])
def test_a_model_adds_the_loss_of_its_batch_at_its_progress(progress, images):
    model = build(budget=0.3, budget_weight=4.0)
    model.progress.assign(progress)
    outputs = model(images, training=True)
    statistics = budget_statistics(model, outputs)
    means = {name: np.mean(value, axis=0) for name, value in statistics.items()}
    (loss,) = model.losses
    expected = 4 * np.array(budget_loss(means, 0.3, progress))
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


def test_an_evaluations_progress_is_the_models_own():
    """Means over a data set come in float64."""
    model = build(budget=0.5, budget_weight=1.0)
    method = sact_keras.models.METHODS["dynconv"]
    means = {
        "cost": np.array([0.25, 0.25, 0.0, 0.0]),
        "dense_cost": np.full(4, 0.25),
    }
    model.progress.assign(1.0)
    assert float(method.loss(means, model)) == pytest.approx(0.0, abs=1e-12)
    model.progress.assign(0.0)
    np.testing.assert_allclose(method.loss(means, model), 0.5**2, rtol=1e-6)


def test_without_a_budget_there_are_no_mask_units_and_no_loss(images):
    model = build(budget=-1)
    assert not any("maskers" in weight.path for weight in model.weights)
    outputs = model(images, training=True)
    np.testing.assert_array_equal(np.concatenate(outputs["masks"], axis=None), 1.0)
    assert float(sum(model.losses)) == 0.0
    total = sact_keras.count_flops(model, (9, 12))["total"]
    np.testing.assert_array_equal(model(images)["flops"], total)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"budget": 0.0}, r"budget must be in \(0, 1\].* or -1 .*Received: budget=0.0"),
        ({"budget": 1.5}, r"budget must be in .*Received: budget=1.5"),
        ({"budget": -0.5}, r"budget must be in .*Received: budget=-0.5"),
        ({"budget": float("nan")}, r"budget must be in .*Received: budget=nan"),
        ({"budget_weight": -1.0}, r"budget_weight must be finite.*budget_weight=-1.0"),
        ({"budget_weight": float("nan")}, r"budget_weight must be finite.*=nan"),
        ({"noise_until": -0.1}, r"noise_until must be in \[0, 1\].*noise_until=-0.1"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        build(**arguments)
