"""Augmentation and the originals' preprocessing."""

import numpy as np
import pytest
import tensorflow as tf

from sact_keras.data.preprocessing import (
    PREPROCESSING,
    get_preprocessing,
    random_crop_and_flip,
)


def numbered_images(count, height=32, width=32, dtype=np.int32):
    """Images whose pixels are all different and never 0, the padding's value."""
    pixels = np.arange(1, count * height * width * 3 + 1, dtype=dtype)
    return pixels.reshape(count, height, width, 3)


def crop_of(image, result, padding):
    """The (top, left, mirrored) of which `result` is the crop; fails if none is."""
    height, width, _ = image.shape
    padded = np.pad(image, [(padding, padding), (padding, padding), (0, 0)])
    places = [
        (top, left, mirrored)
        for top in range(2 * padding + 1)
        for left in range(2 * padding + 1)
        for mirrored in (False, True)
        if np.array_equal(
            padded[top : top + height, left : left + width][
                :, :: -1 if mirrored else 1
            ],
            result,
        )
    ]
    (place,) = places
    return place


@pytest.mark.parametrize(("padding", "height", "width"), [(2, 32, 32), (3, 7, 9)])
def test_each_image_is_a_crop_of_its_padded_self(padding, height, width):
    images = numbered_images(40, height, width)
    results = random_crop_and_flip(tf.constant(images), padding=padding, seed=(3, 4))
    places = [
        crop_of(image, result, padding)
        for image, result in zip(images, results.numpy(), strict=True)
    ]
    assert len(set(places)) > 20


def test_crops_and_flips_are_uniform():
    images = np.repeat(numbered_images(1, 4, 4), 5000, axis=0)
    results = random_crop_and_flip(tf.constant(images), padding=1, seed=(0, 1)).numpy()
    kinds, counts = np.unique(
        results.reshape(len(images), -1), axis=0, return_counts=True
    )
    # 3 x 3 crops, mirrored or not: chi squared with 17 degrees of freedom.
    assert len(kinds) == 18
    expected = len(images) / 18
    assert ((counts - expected) ** 2 / expected).sum() < 40


def test_same_seed_same_augmentation():
    images = tf.constant(numbered_images(16))
    first = random_crop_and_flip(images, padding=4, seed=(1, 2))
    again = random_crop_and_flip(images, padding=4, seed=(1, 2))
    other = random_crop_and_flip(images, padding=4, seed=(1, 3))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_type_is_kept():
    images = tf.zeros([2, 4, 4, 3], tf.uint8)
    assert random_crop_and_flip(images, padding=1, seed=(0, 0)).dtype == tf.uint8


@pytest.mark.parametrize(
    ("name", "padding"),
    [("sact", 2), ("aig", 4), ("dynconv", 4), ("blockdrop", 4), ("blockdrop_r32", 4)],
)
def test_padding_of_each_original(name, padding):
    images = np.repeat(numbered_images(1), 1000, axis=0)
    results = PREPROCESSING[name].augment(tf.constant(images), (0, 0)).numpy()
    # A crop's rows of zeros above and below tell how far it was moved.
    rows = results.any(axis=(2, 3))
    assert (~rows).sum(axis=1).max() == padding


@pytest.fixture
def bytes_images():
    return np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), np.uint8)


def test_sact_standardizes_each_image(bytes_images):
    bytes_images[0] = 77  # A deviation of zero must not be divided by.
    results = PREPROCESSING["sact"].normalize(tf.constant(bytes_images))
    assert results.dtype == tf.float32
    one_by_one = [tf.image.per_image_standardization(i) for i in bytes_images]
    np.testing.assert_array_equal(results, tf.stack(one_by_one))
    values = bytes_images[1:].astype(np.float64)
    mean, std = (f(values, axis=(1, 2, 3), keepdims=True) for f in (np.mean, np.std))
    np.testing.assert_allclose(results[1:], (values - mean) / std, atol=1e-5)
    np.testing.assert_array_equal(results[0], np.zeros([32, 32, 3]))


CIFAR_STATISTICS = ((0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010))
R32_STATISTICS = (
    np.array([125.3, 123.0, 113.9]) / 255,
    np.array([63, 62.1, 66.7]) / 255,
)


@pytest.mark.parametrize(
    ("name", "statistics"),
    [
        ("aig", CIFAR_STATISTICS),
        ("dynconv", CIFAR_STATISTICS),
        ("blockdrop", (0.0, 1.0)),
        ("blockdrop_r32", R32_STATISTICS),
    ],
)
def test_fixed_statistics(name, statistics, bytes_images):
    mean, std = map(np.asarray, statistics)
    results = PREPROCESSING[name].normalize(tf.constant(bytes_images))
    assert results.dtype == tf.float32
    np.testing.assert_allclose(results, (bytes_images / 255 - mean) / std, atol=1e-5)


def test_unknown_name_lists_the_known():
    with pytest.raises(ValueError, match=r"blockdrop_r32.*preprocessing='vgg'"):
        get_preprocessing("vgg")
