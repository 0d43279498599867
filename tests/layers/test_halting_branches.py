"""`ImageHalting` and `SpatialHalting`."""

import keras
import numpy as np
import pytest
from layer_test import run_layer_test, set_weights
from styles import CIFAR, IMAGENET

from sact_keras.layers import Cost, ImageHalting, SpatialHalting


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("activated", [True, False])
def test_image_halting(activated):
    run_layer_test(
        ImageHalting,
        {"activated": activated, "style": CIFAR, "name": "unit_1"},
        (3, 5, 4, 6),
        expected_output_shape=(3,),
        expected_num_trainable_weights=4,
        expected_num_non_trainable_weights=2,
    )


@pytest.mark.parametrize("activated", [True, False])
def test_spatial_halting(activated):
    run_layer_test(
        SpatialHalting,
        {"activated": activated, "style": IMAGENET, "name": "unit_1"},
        (3, 5, 4, 6),
        expected_output_shape=(3, 5, 4),
        expected_num_trainable_weights=7,
        expected_num_non_trainable_weights=4,
    )


def test_scores_begin_low():
    """With kernels of zero, they are what the bias of -3 gives."""
    features = np.ones((2, 4, 4, 6), "float32")
    for branch in (ImageHalting(style=CIFAR), SpatialHalting(style=CIFAR)):
        branch.build(features.shape)
        for layer in keras.tree.flatten(branch._flatten_layers(include_self=False)):
            if hasattr(layer, "kernel"):
                layer.kernel.assign(keras.ops.zeros_like(layer.kernel))
        np.testing.assert_allclose(branch(features), sigmoid(-3.0), rtol=1e-5)


def test_only_the_local_convolution_of_spatial_halting_has_a_bias():
    branch = SpatialHalting(style=CIFAR)
    branch.build((None, None, None, 6))
    assert branch.global_conv.bias is None
    np.testing.assert_array_equal(branch.local_conv.bias, [-3.0])


@pytest.mark.parametrize(("activated", "slope"), [(True, 0.1), (False, 1.0)])
def test_evidence_is_the_sum_of_the_local_and_the_global(activated, slope):
    branch = SpatialHalting(activated, style=CIFAR)
    branch.build((None, None, None, 1))
    unit_norm = ([1.0], [0.0], [0.0], [1.0 - 1e-3])
    set_weights(branch.local_bn, *unit_norm)
    set_weights(branch.global_bn, *unit_norm)
    kernel = np.zeros((3, 3, 1, 1), "float32")
    kernel[1, 2] = 2.0  # Reads the position to the right.
    set_weights(branch.local_conv, kernel, [0.5])
    set_weights(branch.global_conv, [[3.0]])
    features = np.array([[1.0, -2.0], [-3.0, 0.0]], "float32").reshape(1, 2, 2, 1)
    whole = 3.0 * slope * -1.0
    local = 2.0 * np.array([[slope * -2.0, 0.0], [0.0, 0.0]]) + 0.5
    np.testing.assert_allclose(branch(features)[0], sigmoid(local + whole), rtol=1e-5)


def test_costs():
    image, spatial = ImageHalting(style=CIFAR), SpatialHalting(style=CIFAR)
    for branch in (image, spatial):
        branch.build((None, None, None, 6))
    assert image.costs() == [Cost("global_conv", 12, per="image", when="active")]
    assert spatial.costs() == [
        Cost("local_conv", 2 * 9 * 6, when="active"),
        Cost("global_conv", 12, per="image"),
    ]
