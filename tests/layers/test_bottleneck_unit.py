import numpy as np
import pytest
from layer_test import run_layer_test, with_random_weights
from styles import IMAGENET

from sact_keras.layers import BottleneckUnit, Cost


@pytest.mark.parametrize(
    ("arguments", "output_shape", "shortcut_weights"),
    [
        ({"filters": 8}, (2, 7, 5, 8), 0),
        ({"filters": 8, "strides": 2}, (2, 4, 3, 8), 0),
        ({"filters": 12}, (2, 7, 5, 12), 2),
        ({"filters": 4, "strides": 2}, (2, 4, 3, 4), 2),
    ],
    ids=["plain", "downsampling", "widening", "narrowing"],
)
def test_layer(arguments, output_shape, shortcut_weights):
    run_layer_test(
        BottleneckUnit,
        {"style": IMAGENET, "name": "unit_1", **arguments},
        (2, 7, 5, 8),
        expected_output_shape=output_shape,
        expected_num_trainable_weights=10 + shortcut_weights,
        expected_num_non_trainable_weights=6,
    )


def random_unit(inputs, filters, strides=1):
    unit = BottleneckUnit(filters, strides, style=IMAGENET)
    return with_random_weights(unit, inputs.shape)


@pytest.fixture
def inputs():
    rng = np.random.default_rng(1)
    return rng.normal(size=(2, 6, 6, 8)).astype("float32")


def test_a_zero_mask_leaves_exactly_the_raw_input(inputs):
    unit = random_unit(inputs, 8)
    np.testing.assert_array_equal(unit(inputs, np.zeros(2, "float32")), inputs)
    np.testing.assert_array_equal(unit(inputs, np.zeros((2, 6, 6), "float32")), inputs)


def test_a_shortcut_of_as_many_channels_takes_every_other_position(inputs):
    outputs = random_unit(inputs, 8, strides=2)(inputs, np.zeros(2, "float32"))
    np.testing.assert_array_equal(outputs, inputs[:, ::2, ::2])


@pytest.mark.parametrize("strides", [1, 2])
def test_a_shortcut_of_other_channels_convolves_the_preactivation(inputs, strides):
    unit = random_unit(inputs, 12, strides)
    outputs = unit(inputs, np.zeros(2, "float32"))
    norm = unit.preact
    normal = (inputs - norm.moving_mean) / np.sqrt(np.add(norm.moving_variance, 1e-5))
    preact = np.maximum(normal * norm.gamma + norm.beta, 0.0)[:, ::strides, ::strides]
    expected = preact @ np.array(unit.shortcut.kernel)[0, 0] + unit.shortcut.bias
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-5)


def test_the_mask_multiplies_after_the_bias(inputs):
    unit = random_unit(inputs, 8)
    shortcut, residual = unit.branches(inputs)
    mask = np.zeros((2, 6, 6), "float32")
    mask[0, :3] = 1
    expected = np.where(mask[..., None] == 1, shortcut + residual, shortcut)
    np.testing.assert_array_equal(unit(inputs, mask), expected)


def test_the_downsampling_convolution_is_centered_on_every_other_position(inputs):
    """An even image too: SAME padding would move the centres by one."""
    unit = random_unit(inputs, 8, strides=2)
    kernel = np.zeros(unit.conv2.kernel.shape, "float32")
    kernel[1, 1] = np.eye(2)
    unit.conv2.kernel.assign(kernel)
    coarse = random_unit(inputs, 8)
    coarse.set_weights(unit.get_weights())
    _, sampled = unit.branches(inputs)
    _, everywhere = coarse.branches(inputs)
    np.testing.assert_allclose(sampled, everywhere[:, ::2, ::2], rtol=1e-5, atol=1e-6)


def test_no_1x1_convolution_has_a_stride(inputs):
    """Its gradient would corrupt the memory of narrow networks; see `subsample`."""
    assert random_unit(inputs, 12, strides=2).shortcut.strides == (1, 1)


def test_costs(inputs):
    costs = [
        Cost("conv1", 2 * 8 * 3, when="dilated", stride=2),
        Cost("conv2", 2 * 9 * 3 * 3, when="active"),
        Cost("conv3", 2 * 3 * 12, when="active"),
        Cost("shortcut", 2 * 8 * 12),
    ]
    assert random_unit(inputs, 12, strides=2).costs() == costs
    assert len(random_unit(inputs, 8).costs()) == 3


def test_channels_that_do_not_divide_are_refused():
    with pytest.raises(ValueError, match=r"multiple of 4\. Received: filters=6"):
        BottleneckUnit(6, style=IMAGENET)
