import numpy as np
import pytest
from layer_test import run_layer_test, set_weights, with_random_weights
from styles import PYTORCH

from sact_keras.layers import Cost, PostactivationBottleneck


@pytest.mark.parametrize(
    ("arguments", "output_shape", "has_projection"),
    [
        ({"filters": 8}, (2, 7, 5, 8), False),
        ({"filters": 8, "strides": 2}, (2, 4, 3, 8), True),
        ({"filters": 12}, (2, 7, 5, 12), True),
    ],
    ids=["plain", "downsampling", "widening"],
)
def test_layer(arguments, output_shape, has_projection):
    run_layer_test(
        PostactivationBottleneck,
        {"style": PYTORCH, "name": "unit_1", **arguments},
        (2, 7, 5, 8),
        expected_output_shape=output_shape,
        expected_num_trainable_weights=12 if has_projection else 9,
        expected_num_non_trainable_weights=8 if has_projection else 6,
    )


def random_unit(inputs, filters, strides=1):
    unit = PostactivationBottleneck(filters, strides, style=PYTORCH)
    return with_random_weights(unit, inputs.shape)


@pytest.fixture
def inputs():
    rng = np.random.default_rng(1)
    return rng.normal(size=(2, 6, 6, 8)).astype("float32")


def test_where_the_gate_is_closed_the_last_relu_applies_all_the_same(inputs):
    unit = random_unit(inputs, 8)
    expected = np.maximum(inputs, 0.0)
    for mask in (np.zeros(2, "float32"), np.zeros((2, 6, 6), "float32")):
        np.testing.assert_array_equal(unit(inputs, mask), expected)


def test_the_residual_is_norm_relu_norm_relu_norm():
    """Each 1x1 passes one channel on: 3 -> 2 x 3 - 4 -> relu(2 - 5) = 0 -> -7."""
    unit = PostactivationBottleneck(4, style=PYTORCH)
    unit.build((None, None, None, 4))
    center = np.zeros((3, 3, 1, 1), "float32")
    center[1, 1] = 1.0
    set_weights(unit.conv1, np.reshape([1.0, 0, 0, 0], (1, 1, 4, 1)))
    set_weights(unit.conv1_norm, [2.0], [-4.0], [0.0], [1.0 - 1e-5])
    set_weights(unit.conv2, center)
    set_weights(unit.conv2_norm, [1.0], [-5.0], [0.0], [1.0 - 1e-5])
    set_weights(unit.conv3, np.reshape([1.0, 0, 0, 0], (1, 1, 1, 4)))
    ones = [1.0] * 4
    set_weights(unit.conv3_norm, ones, [-7.0] * 4, [0.0] * 4, [1.0 - 1e-5] * 4)
    features = np.zeros((1, 1, 3, 4), "float32")
    features[0, 0, :, 0] = [3.0, 1.0, 12.0]
    _, residual = unit.branches(features)
    # 1 -> relu(-2) = 0 -> relu(-5) = 0 -> -7; 12 -> 20 -> 15 -> 8.
    np.testing.assert_allclose(residual[0, 0, :, 0], [-7.0, -7.0, 8.0], rtol=1e-5)
    np.testing.assert_allclose(unit(features)[0, 0, :, 0], [0, 0, 20], rtol=1e-5)


@pytest.mark.parametrize("size", [(6, 6), (7, 5)])
def test_the_3x3_convolution_downsamples_centered_on_every_other_position(size):
    """Of an even image, too: SAME padding would move the centres by one."""
    inputs = np.random.default_rng(1).normal(size=(2, *size, 8)).astype("float32")
    unit, coarse = random_unit(inputs, 8, strides=2), random_unit(inputs, 8)
    for index in (1, 2, 3):
        for name in (f"conv{index}", f"conv{index}_norm"):
            getattr(coarse, name).set_weights(getattr(unit, name).get_weights())
    _, sampled = unit.branches(inputs)
    _, everywhere = coarse.branches(inputs)
    np.testing.assert_allclose(sampled, everywhere[:, ::2, ::2], rtol=1e-5, atol=1e-5)
    strides = [c.strides for c in (unit.conv1, unit.conv2, unit.conv3, unit.shortcut)]
    # No 1x1 has a stride: its gradient would corrupt memory; see `subsample`.
    assert strides == [(1, 1), (2, 2), (1, 1), (1, 1)]


def test_costs(inputs):
    """The first 1x1 runs on the finer grid, where the 3x3 behind it reads."""
    assert random_unit(inputs, 12, strides=2).costs() == [
        Cost("conv1", 2 * 8 * 3, when="dilated", stride=2),
        Cost("conv2", 2 * 9 * 3 * 3, when="active"),
        Cost("conv3", 2 * 3 * 12, when="active"),
        Cost("shortcut", 2 * 8 * 12),
    ]
    assert random_unit(inputs, 8).costs() == [
        Cost("conv1", 2 * 8 * 2, when="dilated"),
        Cost("conv2", 2 * 9 * 2 * 2, when="active"),
        Cost("conv3", 2 * 2 * 8, when="active"),
    ]


def test_channels_that_do_not_divide_are_refused():
    with pytest.raises(ValueError, match=r"multiple of 4\. Received: filters=6"):
        PostactivationBottleneck(6, style=PYTORCH)
