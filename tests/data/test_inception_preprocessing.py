"""ImageNet's preprocessing against independent computations of the original's."""

import cifar_on_disk
import imagenet_on_disk as disk
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from sact_keras.data.inception_distortion import prepare_for_training
from sact_keras.data.inception_preprocessing import crop_for_evaluation


def resize_bilinear(image, size):
    """TensorFlow 1's: source pixels at multiples of the scale, clamped at the end."""

    def taps(length):
        position = np.arange(size) * (length / size)
        lower = np.floor(position).astype(int)
        return lower, np.minimum(lower + 1, length - 1), position - lower

    top, bottom, down = taps(image.shape[0])
    left, right, across = taps(image.shape[1])
    across = across[:, np.newaxis]
    down = down[:, np.newaxis, np.newaxis]
    upper = image[top][:, left] * (1 - across) + image[top][:, right] * across
    lower = image[bottom][:, left] * (1 - across) + image[bottom][:, right] * across
    return upper * (1 - down) + lower * down


def evaluated(encoded, size):
    """The original's evaluation, in float64, from the whole image decoded."""
    image = tf.io.decode_image(encoded, channels=3).numpy()
    height, width, _ = image.shape
    top, left = int((height - height * 0.875) / 2), int((width - width * 0.875) / 2)
    middle = image[top : height - top, left : width - left]
    return resize_bilinear(middle, size)


@settings(max_examples=25, deadline=None)
@given(
    size=st.tuples(st.integers(1, 120), st.integers(1, 120)),
    image_size=st.integers(1, 70),
    encode=st.sampled_from([disk.jpeg, cifar_on_disk.png]),
)
def test_evaluation_is_the_original(size, image_size, encode):
    encoded = encode(disk.photograph(*size))
    prepared = crop_for_evaluation(encoded, image_size)
    assert prepared.shape == (image_size, image_size, 3)
    np.testing.assert_allclose(prepared, evaluated(encoded, image_size), atol=2e-3)


@pytest.mark.parametrize("size", [(3, 500), (500, 3), (1, 1)])
def test_evaluation_of_extreme_shapes(size):
    encoded = disk.jpeg(disk.photograph(*size))
    prepared = crop_for_evaluation(encoded, 24)
    np.testing.assert_allclose(prepared, evaluated(encoded, 24), atol=2e-3)


def train(encoded, boxes, seed, size=24):
    seed = tf.constant([seed, 1, seed, 2], tf.int64)
    boxes = tf.reshape(tf.constant(boxes, tf.float32), [-1, 4])
    return prepare_for_training(encoded, boxes, seed, size).numpy()


@pytest.mark.parametrize("size", [(3, 500), (1, 1), (40, 60), (400, 300)])
def test_training_images_are_in_range_and_follow_the_seed(size):
    encoded = disk.jpeg(disk.photograph(*size))
    images = [train(encoded, [], seed) for seed in range(8)]
    for image in images:
        assert image.shape == (24, 24, 3)
        assert np.isfinite(image).all()
        assert np.abs(image).max() <= 1
    np.testing.assert_array_equal(train(encoded, [], 3), images[3])
    assert len({image.tobytes() for image in images}) == 8


def test_windows_show_part_of_a_box():
    """A box in one corner, red on black: every window must show some of it."""
    image = np.zeros((80, 80, 3), np.uint8)
    image[:20, :20, 0] = 255
    encoded = cifar_on_disk.png(image)

    def shares_of_the_box(boxes):
        images = [train(encoded, boxes, seed) for seed in range(25)]
        return [np.ptp(image) > 0.2 for image in images]

    assert all(shares_of_the_box([[0, 0, 0.25, 0.25]]))
    assert not all(shares_of_the_box([]))


def test_half_of_the_images_are_mirrored():
    image = np.zeros((60, 60, 3), np.uint8)
    image[:, 30:] = 255
    encoded = cifar_on_disk.png(image)
    whole = [[0.0, 0.0, 1.0, 1.0]]
    slopes = []
    for seed in range(60):
        columns = train(encoded, whole, seed).mean(axis=(0, 2))
        if np.ptp(columns) > 0.2:  # Else the window lies within one half.
            slopes.append(columns[-1] > columns[0])
    assert 0.3 < np.mean(slopes) < 0.7
