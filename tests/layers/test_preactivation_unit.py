import numpy as np
import pytest
from layer_test import run_layer_test, set_weights, with_random_weights
from styles import CIFAR, IMAGENET

from sact_keras.layers import Cost, PreactivationUnit


@pytest.mark.parametrize(
    ("arguments", "output_shape"),
    [
        ({"filters": 4}, (2, 7, 5, 4)),
        ({"filters": 4, "preactivated_shortcut": True}, (2, 7, 5, 4)),
        ({"filters": 9, "strides": 2}, (2, 4, 3, 9)),
        ({"filters": 4, "style": IMAGENET}, (2, 7, 5, 4)),
    ],
    ids=["plain", "preactivated", "downsampling", "relu"],
)
def test_layer(arguments, output_shape):
    run_layer_test(
        PreactivationUnit,
        {"style": CIFAR, "name": "unit_1", **arguments},
        (2, 7, 5, 4),
        expected_output_shape=output_shape,
        expected_num_trainable_weights=7,
        expected_num_non_trainable_weights=4,
    )


def random_unit(inputs, *arguments, **keywords):
    unit = PreactivationUnit(*arguments, style=CIFAR, **keywords)
    return with_random_weights(unit, inputs.shape)


@pytest.fixture
def inputs():
    rng = np.random.default_rng(1)
    return rng.normal(size=(2, 6, 6, 4)).astype("float32")


def test_a_zero_mask_leaves_exactly_the_raw_input(inputs):
    unit = random_unit(inputs, 4)
    np.testing.assert_array_equal(unit(inputs, np.zeros(2, "float32")), inputs)
    np.testing.assert_array_equal(unit(inputs, np.zeros((2, 6, 6), "float32")), inputs)


def test_the_very_first_shortcut_is_activated(inputs):
    unit = random_unit(inputs, 4, preactivated_shortcut=True)
    mean, variance = unit.preact.moving_mean, unit.preact.moving_variance
    normal = unit.preact.gamma * (inputs - mean) / np.sqrt(np.add(variance, 1e-3))
    normal += unit.preact.beta
    expected = np.where(normal < 0, 0.1 * normal, normal)
    outputs = unit(inputs, np.zeros(2, "float32"))
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-6)


def test_the_shortcut_pools_and_widens_on_both_sides(inputs):
    unit = random_unit(inputs, 9, strides=2)
    outputs = np.array(unit(inputs, np.zeros(2, "float32")))
    pooled = inputs.reshape(2, 3, 2, 3, 2, 4).mean(axis=(2, 4))
    np.testing.assert_allclose(outputs[..., 2:6], pooled, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(outputs[..., :2], 0.0)
    np.testing.assert_array_equal(outputs[..., 6:], 0.0)


def test_the_mask_multiplies_after_the_bias(inputs):
    unit = random_unit(inputs, 4)
    shortcut, residual = unit.branches(inputs)
    mask = np.zeros((2, 6, 6), "float32")
    mask[0, :3] = 1
    expected = np.where(mask[..., None] == 1, shortcut + residual, shortcut)
    np.testing.assert_array_equal(unit(inputs, mask), expected)


def test_the_second_activation_comes_on_top_of_the_first(inputs):
    """With an identity for conv1 and ones for conv2, the slope shows: 0.1 x 0.1."""
    unit = PreactivationUnit(1, style=CIFAR)
    unit.build((None, None, None, 1))
    center = np.zeros((3, 3, 1, 1), "float32")
    center[1, 1] = 1.0
    set_weights(unit.preact, [1.0], [10.0], [0.0], [1.0 - 1e-3])
    set_weights(unit.conv1, center)
    set_weights(unit.conv1_norm, [1.0], [-20.0], [0.0], [1.0 - 1e-3])
    set_weights(unit.conv2, center, [0.0])
    _, residual = unit.branches(np.full((1, 1, 1, 1), 3.0, "float32"))
    np.testing.assert_allclose(residual, [[[[0.01 * (3 + 10 - 20)]]]], rtol=1e-5)


def test_costs_and_sizes(inputs):
    unit = random_unit(inputs, 9, strides=2)
    assert unit.costs() == [
        Cost("conv1", 2 * 9 * 4 * 9, when="dilated"),
        Cost("conv2", 2 * 9 * 9 * 9, when="active"),
    ]
    assert unit.output_size((33, 47)) == (17, 24)
    assert unit.compute_output_shape((None, None, 47, 4)) == (None, None, 24, 9)


def test_narrowing_is_refused():
    with pytest.raises(ValueError, match=r"Received: filters=2, .*\(None, 8, 8, 4\)"):
        PreactivationUnit(2, style=CIFAR).build((None, 8, 8, 4))
