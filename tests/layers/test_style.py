import keras
import numpy as np
import pytest
from styles import CIFAR, IMAGENET, PYTORCH

from sact_keras.layers import Style


@pytest.mark.parametrize("style", [CIFAR, PYTORCH])
def test_config_round_trip(style):
    assert Style(**style.get_config()) == style


def test_config_has_every_argument():
    assert CIFAR.get_config() == {
        "momentum": 0.9,
        "epsilon": 1e-3,
        "negative_slope": 0.1,
        "weight_decay": 2e-4,
        "initialization": "fan_in",
        "unbiased_variance": False,
    }


@pytest.mark.parametrize(("times", "slope"), [(1, 0.1), (2, 0.01)])
def test_leaky_relu_over_and_over(times, slope):
    inputs = np.array([-2.0, -0.5, 0.0, 3.0], "float32")
    outputs = CIFAR.activate(inputs, times)
    np.testing.assert_allclose(
        outputs, np.where(inputs < 0, slope * inputs, inputs), rtol=1e-6
    )


def test_without_a_slope_it_is_a_relu():
    inputs = np.array([-2.0, 3.0], "float32")
    np.testing.assert_array_equal(IMAGENET.activate(inputs), [0.0, 3.0])


@pytest.mark.parametrize("kind", ["convolution", "linear"])
def test_initial_kernels_are_truncated_normal(kind):
    if kind == "convolution":
        layer, fan_in = CIFAR.convolution(64, 3), 9 * 32
        layer.build((None, None, None, 32))
    else:
        layer, fan_in = CIFAR.linear(64), 400
        layer.build((None, 400))
    kernel = keras.ops.convert_to_numpy(layer.kernel)
    stddev = np.sqrt(1.3 * 2 / fan_in)
    # Of a normal distribution cut off at two standard deviations.
    assert np.abs(kernel).max() <= 2 * stddev
    assert np.abs(kernel).max() > 1.95 * stddev
    np.testing.assert_allclose(kernel.std(), 0.87962566 * stddev, rtol=0.02)
    np.testing.assert_allclose(kernel.mean(), 0.0, atol=0.03 * stddev)


def test_initial_kernels_as_in_pytorch_are_normal_by_the_fan_out():
    layer = PYTORCH.convolution(48, 3)
    layer.build((None, None, None, 32))
    kernel = keras.ops.convert_to_numpy(layer.kernel)
    stddev = np.sqrt(2 / (9 * 48))
    np.testing.assert_allclose(kernel.std(), stddev, rtol=0.02)
    # Not cut off: of 13,824 values 37 are expected beyond three deviations.
    assert np.abs(kernel).max() > 3 * stddev


@pytest.mark.parametrize(("style", "unbiased"), [(CIFAR, False), (PYTORCH, True)])
def test_norms_follow_the_style(style, unbiased):
    norm = style.norm(name="norm")
    assert (norm.momentum, norm.epsilon) == (style.momentum, style.epsilon)
    assert norm.unbiased_variance is unbiased


def test_weight_decay_is_a_factor_of_half_the_sum_of_squares():
    layer = CIFAR.linear(2)
    layer.build((None, 3))
    layer.kernel.assign(keras.ops.full((3, 2), 2.0))
    np.testing.assert_allclose(sum(layer.losses), 2e-4 * 0.5 * 6 * 4.0, rtol=1e-6)


def test_without_weight_decay_nothing_is_added():
    layer = IMAGENET.convolution(2, 3)
    layer.build((None, None, None, 3))
    assert layer.losses == []
