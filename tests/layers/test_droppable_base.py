"""What holds for both units of BlockDrop."""

import numpy as np
import pytest
import tensorflow as tf
from layer_test import with_random_weights
from styles import PYTORCH

from sact_keras.layers import (
    DroppableBottleneck,
    DroppableUnit,
    PostactivationBottleneck,
    PostactivationUnit,
)

UNITS = [DroppableUnit, DroppableBottleneck]

SHAPES = {
    "plain": {"filters": 8},
    "downsampling": {"filters": 8, "strides": 2},
    "widening": {"filters": 12},
    "both": {"filters": 12, "strides": 2},
    "projecting": {"filters": 12, "strides": 2, "projection": True},
    "projecting nothing": {"filters": 8, "projection": True},
}


@pytest.fixture(params=UNITS)
def unit_class(request):
    return request.param


@pytest.fixture(params=SHAPES.values(), ids=SHAPES)
def unit(request, unit_class, inputs):
    return random_unit(unit_class, inputs, **request.param)


@pytest.fixture
def inputs():
    rng = np.random.default_rng(1)
    return rng.normal(size=(3, 7, 5, 8)).astype("float32")


def random_unit(unit_class, inputs, **arguments):
    unit = unit_class(**arguments, style=PYTORCH)
    return with_random_weights(unit, inputs.shape)


def averages(*norms):
    return [np.array(a) for n in norms for a in (n.moving_mean, n.moving_variance)]


def residual_norms(unit):
    return [norm for _, norm in unit.convolutions()]


@pytest.mark.parametrize("training", [False, True])
def test_a_dropped_unit_hands_on_its_shortcut_as_it_is(unit, inputs, training):
    shortcut, _ = unit.branches(inputs, training=training)
    assert np.min(shortcut) < 0, "negative values must be among it"
    for mask in (np.zeros(3, "float32"), np.zeros(shortcut.shape[:3], "float32")):
        np.testing.assert_array_equal(unit(inputs, mask, training=training), shortcut)


def test_the_relu_applies_where_the_unit_runs(unit, inputs):
    shortcut, residual = unit.branches(inputs)
    run = np.maximum(shortcut + residual, 0.0)
    positions = np.zeros(shortcut.shape[:3], "float32")
    positions[0, :2] = positions[2, 1:, 1] = 1
    for mask in (np.array([1.0, 0.0, 1.0], "float32"), positions):
        kept = mask.reshape(*mask.shape, *[1] * (4 - mask.ndim)) == 1
        expected = np.where(kept, run, shortcut)
        np.testing.assert_array_equal(unit(inputs, mask), expected)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_no_mask_is_one_that_keeps_everything(unit_class, shape, inputs, training):
    results = []
    for mask in (None, np.ones(3, "float32")):
        unit = random_unit(unit_class, inputs, **shape)
        results.append([unit(inputs, mask, training=training), *unit.get_weights()])
    for without, with_ones in zip(*results, strict=True):
        np.testing.assert_array_equal(without, with_ones)


@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize(
    ("unit_class", "usual_class"),
    [
        (DroppableUnit, PostactivationUnit),
        (DroppableBottleneck, PostactivationBottleneck),
    ],
)
def test_with_a_projection_it_is_the_usual_unit_where_it_runs(
    unit_class, usual_class, strides, inputs
):
    arguments = {"filters": 12, "strides": strides}
    unit = random_unit(unit_class, inputs, projection=True, **arguments)
    usual = random_unit(usual_class, inputs, **arguments)
    assert [w.path.split("/", 1)[1] for w in unit.weights] == [
        w.path.split("/", 1)[1] for w in usual.weights
    ]
    for training in (False, True):
        np.testing.assert_array_equal(
            unit(inputs, np.ones(3, "float32"), training=training),
            usual(inputs, training=training),
        )


def test_without_a_projection_the_shortcut_pools_and_widens_behind(unit_class, inputs):
    unit = random_unit(unit_class, inputs, filters=12, strides=2)
    assert unit.shortcut is None
    assert unit.shortcut_norm is None
    shortcut = np.array(unit(inputs, np.zeros(3, "float32")))
    inside = inputs[:, :6, :4].reshape(3, 3, 2, 2, 2, 8).mean(axis=(2, 4))
    np.testing.assert_allclose(shortcut[:, :3, :2, :8], inside, rtol=1e-5, atol=1e-6)
    corner = inputs[:, 6, 4]
    np.testing.assert_allclose(shortcut[:, 3, 2, :8], corner, rtol=1e-6)
    np.testing.assert_array_equal(shortcut[..., 8:], 0.0)


def test_what_is_dropped_learns_nothing_and_passes_gradients_on(unit_class, inputs):
    unit = random_unit(unit_class, inputs, filters=8)
    kernels = [convolution.kernel.value for convolution, _ in unit.convolutions()]
    images = tf.constant(inputs)

    def gradients(mask):
        with tf.GradientTape() as tape:
            tape.watch(images)
            total = tf.reduce_sum(unit(images, np.array(mask, "float32")))
        return tape.gradient(total, [images, *kernels])

    of_images, *of_kernels = gradients([0, 0, 0])
    # Of the shortcut alone, and of its negative values too.
    np.testing.assert_array_equal(of_images, np.ones(inputs.shape))
    for gradient in of_kernels:
        np.testing.assert_array_equal(gradient, np.zeros(gradient.shape))
    of_images, *of_kernels = gradients([0, 1, 0])
    np.testing.assert_array_equal(of_images[::2], np.ones((2, 7, 5, 8)))
    assert all(np.any(gradient) for gradient in of_kernels)


def masks_of(shape):
    """Masks of images and of positions under which no image, or one, runs a unit."""
    for mask in (np.zeros(shape[:1], "float32"), np.zeros(shape[:3], "float32")):
        yield mask, False
        mask = mask.copy()
        mask.flat[-1] = 1
        yield mask, True


@pytest.mark.parametrize("graph", [False, True], ids=["eager", "graph"])
def test_averages_move_where_any_image_runs_the_unit(unit_class, inputs, graph):
    arguments = {"filters": 12, "strides": 2, "projection": True}
    reference = random_unit(unit_class, inputs, **arguments)
    initial = averages(*residual_norms(reference))
    reference(inputs, training=True)
    moved = averages(*residual_norms(reference))
    of_shortcut = averages(reference.shortcut_norm)
    for mask, runs in masks_of((3, 4, 3)):
        unit = random_unit(unit_class, inputs, **arguments)
        call = tf.function(unit) if graph else unit
        call(inputs, mask, training=True)
        # By the whole batch: those who drop the unit are in its statistics.
        for average, expected in zip(
            averages(*residual_norms(unit)), moved if runs else initial, strict=True
        ):
            np.testing.assert_allclose(average, expected, rtol=1e-5 if runs else 0)
        # The shortcut runs for everybody.
        np.testing.assert_allclose(averages(unit.shortcut_norm), of_shortcut, rtol=1e-5)
    assert not any(map(np.array_equal, initial, moved)), "the batch must tell"


def test_averages_stay_at_inference(unit_class, inputs):
    unit = random_unit(unit_class, inputs, filters=8)
    before = unit.get_weights()
    for mask in (None, np.ones(3, "float32"), np.zeros(3, "float32")):
        unit(inputs, mask)
    for old, new in zip(before, unit.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_narrowing_takes_a_projection(unit_class):
    message = r"filters must be at least .*Received: filters=4, .*\(None, 9, 9, 8\)$"
    with pytest.raises(ValueError, match=message):
        unit_class(4, style=PYTORCH).build((None, 9, 9, 8))
    unit = unit_class(4, projection=True, style=PYTORCH)
    unit.build((None, 9, 9, 8))
    assert unit.shortcut.kernel.shape == (1, 1, 8, 4)
