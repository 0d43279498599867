"""Normalization of pixels: its numbers, and that it has a gradient."""

import numpy as np
import pytest
import tensorflow as tf

from sact_keras.data.normalization import (
    scale_to_symmetric_range,
    scale_to_unit_range,
    standardize_channels,
    standardize_images,
)

FUNCTIONS = {
    "standardize_images": standardize_images,
    "standardize_channels": standardize_channels((0.4, 0.5, 0.6), (0.2, 0.3, 0.4)),
    "scale_to_unit_range": scale_to_unit_range,
    "scale_to_symmetric_range": scale_to_symmetric_range,
}
ALL_FUNCTIONS = pytest.mark.parametrize("normalize", FUNCTIONS.values(), ids=FUNCTIONS)


@pytest.fixture
def images():
    """Of all kinds: noise, one colour, and one value that is off by 1."""
    images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), np.uint8)
    images[1:3] = 77
    images[2, 5, 6, 1] = 78
    return images


def test_standardization_is_tensorflows(images):
    expected = tf.image.per_image_standardization(images)
    np.testing.assert_array_equal(standardize_images(images), expected)
    # In a graph TensorFlow may put other operations in place of these.
    expected = tf.function(tf.image.per_image_standardization)(images)
    np.testing.assert_array_equal(tf.function(standardize_images)(images), expected)
    np.testing.assert_array_equal(standardize_images(images[1]), np.zeros([32, 32, 3]))


@ALL_FUNCTIONS
def test_type_of_the_pixels_makes_no_difference(normalize, images):
    of_bytes = normalize(tf.constant(images))
    assert of_bytes.dtype == tf.float32
    for dtype in (tf.float32, tf.float64):
        np.testing.assert_array_equal(normalize(tf.cast(images, dtype)), of_bytes)


@ALL_FUNCTIONS
def test_images_are_independent_of_their_batch(normalize, images):
    together = normalize(tf.constant(images))
    for image, result in zip(images, together, strict=True):
        np.testing.assert_allclose(normalize(tf.constant(image)), result, atol=1e-6)


@ALL_FUNCTIONS
def test_gradient_is_that_of_small_steps(normalize, images):
    pixels = tf.cast(images, tf.float32) + 0.25
    random = np.random.default_rng(1)
    weights, step = random.normal(size=(2, *images.shape)).astype(np.float32)

    with tf.GradientTape() as tape:
        tape.watch(pixels)
        weighted = tf.reduce_sum(weights * normalize(pixels), axis=(1, 2, 3))
    gradient = tape.gradient(weighted, pixels).numpy()
    assert np.isfinite(gradient).all()  # Also where an image has one colour.

    step *= 1 / 16
    slopes = (normalize(pixels + step) - normalize(pixels - step)).numpy() / 2
    expected = (weights * slopes).sum(axis=(1, 2, 3))
    # At nearly one colour the bound on the deviation bends the function.
    curved = [1, 2] if normalize is standardize_images else []
    straight = [n for n in range(len(images)) if n not in curved]
    along = (gradient * step).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(along[straight], expected[straight], rtol=1e-2)


def test_ranges():
    pixels = tf.constant([[[0, 127.5, 255]]])
    np.testing.assert_allclose(scale_to_unit_range(pixels), [[[0, 0.5, 1]]])
    expected = [[[-1, 0, 1]]]
    np.testing.assert_allclose(scale_to_symmetric_range(pixels), expected, atol=1e-7)
