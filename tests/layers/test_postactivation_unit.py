import numpy as np
import pytest
from hand_weights import with_hand_weights
from layer_test import run_layer_test, with_random_weights
from styles import PYTORCH

from sact_keras.layers import Cost, PostactivationUnit


@pytest.mark.parametrize(
    ("arguments", "output_shape", "has_projection"),
    [
        ({"filters": 4}, (2, 7, 5, 4), False),
        ({"filters": 4, "strides": 2}, (2, 4, 3, 4), True),
        ({"filters": 6}, (2, 7, 5, 6), True),
        ({"filters": 3, "strides": 2}, (2, 4, 3, 3), True),
    ],
    ids=["plain", "downsampling", "widening", "narrowing"],
)
def test_layer(arguments, output_shape, has_projection):
    run_layer_test(
        PostactivationUnit,
        {"style": PYTORCH, "name": "unit_1", **arguments},
        (2, 7, 5, 4),
        expected_output_shape=output_shape,
        expected_num_trainable_weights=9 if has_projection else 6,
        expected_num_non_trainable_weights=6 if has_projection else 4,
    )


def random_unit(inputs, filters, strides=1):
    unit = PostactivationUnit(filters, strides, style=PYTORCH)
    return with_random_weights(unit, inputs.shape)


@pytest.fixture
def inputs():
    rng = np.random.default_rng(1)
    return rng.normal(size=(2, 6, 6, 4)).astype("float32")


def test_where_the_gate_is_closed_the_last_relu_applies_all_the_same(inputs):
    unit = random_unit(inputs, 4)
    assert unit.shortcut is None
    expected = np.maximum(inputs, 0.0)
    for mask in (np.zeros(2, "float32"), np.zeros((2, 6, 6), "float32")):
        np.testing.assert_array_equal(unit(inputs, mask), expected)


@pytest.mark.parametrize(("filters", "strides"), [(6, 1), (6, 2), (4, 2)])
def test_a_projection_runs_whatever_is_decided(inputs, filters, strides):
    unit = random_unit(inputs, filters, strides)
    norm = unit.shortcut_norm
    sampled = inputs[:, ::strides, ::strides]
    features = sampled @ np.array(unit.shortcut.kernel)[0, 0]
    features = (features - norm.moving_mean) / np.sqrt(
        np.add(norm.moving_variance, 1e-5)
    )
    expected = np.maximum(features * norm.gamma + norm.beta, 0.0)
    outputs = unit(inputs, np.zeros(2, "float32"))
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-5)


def test_the_mask_multiplies_after_the_norm_and_before_the_relu(inputs):
    unit = random_unit(inputs, 4)
    shortcut, residual = unit.branches(inputs)
    assert np.min(residual) < 0, "the residual is not activated by itself"
    mask = np.zeros((2, 6, 6), "float32")
    mask[0, :3] = 1
    expected = np.where(mask[..., None] == 1, shortcut + residual, shortcut)
    np.testing.assert_array_equal(unit(inputs, mask), np.maximum(expected, 0.0))
    # A weight in place of a decision, as for an expected gate.
    weights = np.array([0.25, 1.0], "float32")
    expected = shortcut + weights.reshape(2, 1, 1, 1) * residual
    np.testing.assert_allclose(
        unit(inputs, weights), np.maximum(expected, 0.0), rtol=1e-6
    )


def test_the_residual_is_norm_relu_norm():
    """-2 -> relu(2 (-2) + 1) = 0 -> 3 x 0 - 5."""
    unit = with_hand_weights(PostactivationUnit(1, style=PYTORCH))
    features = np.reshape([-2.0, 4.0], (1, 1, 2, 1)).astype("float32")
    shortcut, residual = unit.branches(features)
    np.testing.assert_array_equal(shortcut, features)
    np.testing.assert_allclose(np.ravel(residual), [-5.0, 3 * 9 - 5], rtol=1e-5)
    np.testing.assert_allclose(np.ravel(unit(features)), [0.0, 4 + 22], rtol=1e-5)


@pytest.mark.parametrize("size", [(6, 6), (7, 5)])
def test_the_downsampling_convolution_is_centered_on_every_other_position(size):
    """Of an even image, too: SAME padding would move the centres by one."""
    inputs = np.random.default_rng(1).normal(size=(2, *size, 4)).astype("float32")
    unit, coarse = random_unit(inputs, 4, strides=2), random_unit(inputs, 4)
    for pair in ("conv1", "conv1_norm", "conv2", "conv2_norm"):
        getattr(coarse, pair).set_weights(getattr(unit, pair).get_weights())
    center = np.zeros((3, 3, 4, 4), "float32")
    center[1, 1] = np.eye(4)
    for each in (unit, coarse):
        each.conv2.kernel.assign(center)
    _, sampled = unit.branches(inputs)
    _, everywhere = coarse.branches(inputs)
    np.testing.assert_allclose(sampled, everywhere[:, ::2, ::2], rtol=1e-5, atol=1e-5)


def test_no_1x1_convolution_has_a_stride(inputs):
    """Its gradient would corrupt the memory of narrow networks; see `subsample`."""
    assert random_unit(inputs, 6, strides=2).shortcut.strides == (1, 1)


def test_costs_and_sizes(inputs):
    unit = random_unit(inputs, 6, strides=2)
    assert unit.costs() == [
        Cost("conv1", 2 * 9 * 4 * 6, when="dilated"),
        Cost("conv2", 2 * 9 * 6 * 6, when="active"),
        Cost("shortcut", 2 * 4 * 6),
    ]
    assert [cost.name for cost in random_unit(inputs, 4).costs()] == ["conv1", "conv2"]
    assert unit.output_size((33, 47)) == (17, 24)
