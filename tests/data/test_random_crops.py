"""Random crops and mirror images."""

import numpy as np
import pytest
import tensorflow as tf

from sact_keras.data.random_crops import RandomCrops


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


def cropped(images, padding, seed):
    images = tf.constant(images)
    return RandomCrops.draw(len(images), padding=padding, seed=seed).apply(images)


@pytest.mark.parametrize(("padding", "height", "width"), [(2, 32, 32), (3, 7, 9)])
def test_each_image_is_a_crop_of_its_padded_self(padding, height, width):
    images = numbered_images(40, height, width)
    results = cropped(images, padding=padding, seed=(3, 4))
    places = [
        crop_of(image, result, padding)
        for image, result in zip(images, results.numpy(), strict=True)
    ]
    assert len(set(places)) > 20


def test_crops_and_flips_are_uniform():
    images = np.repeat(numbered_images(1, 4, 4), 5000, axis=0)
    results = cropped(images, padding=1, seed=(0, 1)).numpy()
    kinds, counts = np.unique(
        results.reshape(len(images), -1), axis=0, return_counts=True
    )
    # 3 x 3 crops, mirrored or not: chi squared with 17 degrees of freedom.
    assert len(kinds) == 18
    expected = len(images) / 18
    assert ((counts - expected) ** 2 / expected).sum() < 40


def test_same_seed_same_augmentation():
    images = numbered_images(16)
    first = cropped(images, padding=4, seed=(1, 2))
    again = cropped(images, padding=4, seed=(1, 2))
    other = cropped(images, padding=4, seed=(1, 3))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_type_is_kept():
    images = tf.zeros([2, 4, 4, 3], tf.uint8)
    assert cropped(images, padding=1, seed=(0, 0)).dtype == tf.uint8


@pytest.mark.parametrize("padding", [2, 4])
def test_a_crop_leaves_out_as_many_rows_as_the_padding_at_most(padding):
    images = np.repeat(numbered_images(1), 1000, axis=0)
    results = cropped(images, padding=padding, seed=(0, 0)).numpy()
    # A crop's rows of zeros above and below tell how far it was moved.
    rows = results.any(axis=(2, 3))
    assert (~rows).sum(axis=1).max() == padding


@pytest.mark.parametrize("rows", [slice(0, 16), slice(3, 4), slice(8, 16)])
def test_some_rows_become_what_they_become_in_the_whole_batch(rows):
    images = tf.constant(numbered_images(16))
    crops = RandomCrops.draw(16, padding=4, seed=(1, 2))
    part = crops.of(rows).apply(images[rows])
    np.testing.assert_array_equal(part, crops.apply(images)[rows])
