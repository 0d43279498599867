import numpy as np
from layer_test import run_layer_test
from styles import CIFAR

from sact_keras.layers import ConvolutionStem, Cost


def test_layer():
    run_layer_test(
        ConvolutionStem,
        {"filters": 4, "style": CIFAR, "name": "stem"},
        (2, 7, 5, 3),
        expected_output_shape=(2, 7, 5, 4),
        expected_num_trainable_weights=2,
    )


def test_is_a_convolution_with_bias_and_nothing_else():
    stem = ConvolutionStem(2, style=CIFAR)
    stem.build((None, None, None, 3))
    identity = np.zeros((3, 3, 3, 2), "float32")
    identity[1, 1] = np.eye(3, 2)
    stem.set_weights([identity, np.array([-1.0, 2.0], "float32")])
    images = np.random.default_rng(0).normal(size=(1, 4, 4, 3)).astype("float32")
    np.testing.assert_allclose(stem(images), images[..., :2] + [-1, 2], rtol=1e-6)


def test_costs():
    stem = ConvolutionStem(4, style=CIFAR)
    stem.build((None, None, None, 3))
    assert stem.costs() == [Cost("conv", 2 * 9 * 3 * 4)]
    assert stem.output_size((33, 47)) == (33, 47)
