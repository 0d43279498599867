"""Resizing against Pillow itself."""

import imagenet_on_disk as disk
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from pillow_reference import resized_by_pillow

from sact_keras.data.pillow_resizing import resize_as_pillow


def resize(image, size, corner, image_size):
    """Resizes `image` to `size`; returns the square at `corner` of what comes out."""
    scale = np.divide(size, image.shape[:2]).astype(np.float32)
    translation = -np.asarray(corner, np.float32)
    resized = resize_as_pillow(tf.constant(image), image_size, scale, translation)
    return resized.numpy()


@settings(max_examples=60, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    size=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    fractions=st.tuples(*[st.floats(0, 1)] * 3),
    seed=st.integers(0, 99),
)
def test_square_of_an_image_resized_to_any_size(shape, size, fractions, seed):
    image = disk.photograph(*shape, seed=seed)
    side = 1 + int(fractions[0] * (min(size) - 1))
    top, left = (int(f * (n - side)) for f, n in zip(fractions[1:], size, strict=True))
    result = resize(image, size, (top, left), side)
    expected = resized_by_pillow(image, *size)[top : top + side, left : left + side]
    assert result.shape == expected.shape
    assert np.abs(result - expected).max() <= 2


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((500, 375), (341, 256)),
        ((375, 500), (256, 341)),
        ((123, 97), (324, 256)),
        ((1200, 900), (341, 256)),
        ((256, 300), (256, 300)),
        ((50, 900), (256, 4608)),
        ((480, 640), (256, 341)),
        ((288, 320), (256, 256)),  # By 9 / 8 and 5 / 4: many values lie halfway.
    ],
)
def test_hardly_a_pixel_differs_and_none_by_more_than_one(shape, size):
    image = disk.photograph(*shape)
    corner = [(length - 224) // 2 for length in size]
    expected = resized_by_pillow(image, *size)
    expected = expected[corner[0] :, corner[1] :][:224, :224]
    error = np.abs(resize(image, size, corner, 224) - expected)
    assert error.max() <= 1
    # Without the rounding between the two passes it would be 0.3.
    assert error.mean() < 0.05


def test_extremes_are_kept():
    image = np.zeros((40, 60, 3), np.uint8)
    image[:, 30:] = 255
    result = resize(image, (7, 7), (0, 0), 7)
    assert (result[:, :3] == 0).all()
    assert (result[:, 4:] == 255).all()
