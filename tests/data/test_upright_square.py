"""The middle square of an image file, beside Pillow's."""

import numpy as np
import pytest
import tensorflow as tf
from folder_on_disk import pillow_square, smooth_image, stored_as_held

from sact_keras.data.upright_square import decode_upright, read_upright_square


@pytest.mark.parametrize("size", [(61, 40), (40, 61), (50, 50), (33, 200), (20, 11)])
@pytest.mark.parametrize("orientation", [None, *range(1, 9)])
def test_a_png_is_cropped_and_resized_as_pillow_does(size, orientation):
    """To a pixel, though an odd rest lies on one side or the other."""
    encoded = stored_as_held(smooth_image(1, *size), orientation, "PNG")
    found = read_upright_square(tf.constant(encoded), 24)
    assert found.dtype == tf.uint8
    # Pillow rounds after the rows and again after the columns.
    difference = found.numpy().astype(int) - pillow_square(encoded, 24)
    assert np.abs(difference).max() <= 1


@pytest.mark.parametrize("orientation", [None, 3, 6, 7])
def test_a_jpeg_is_cropped_and_resized_as_pillow_does(orientation):
    encoded = stored_as_held(smooth_image(2, 301, 200), orientation, quality=95)
    found = read_upright_square(tf.constant(encoded), 32).numpy().astype(int)
    # The first and the last column are decoded without what lies beyond them.
    assert np.abs(found - pillow_square(encoded, 32)).max() <= 3


def test_an_image_of_the_size_stays_as_it_is():
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    encoded = tf.io.encode_png(pixels)
    np.testing.assert_array_equal(read_upright_square(encoded, 32), pixels)


def test_what_becomes_smaller_is_averaged():
    board = np.indices((256, 192)).sum(axis=0) % 2 * 255
    encoded = tf.io.encode_png(np.repeat(board[..., None], 3, -1).astype(np.uint8))
    found = read_upright_square(encoded, 32).numpy()
    np.testing.assert_allclose(found[2:-2, 2:-2], 127.5, atol=2)


def test_a_whole_image_upright():
    image = smooth_image(3, 50, 30)
    found = decode_upright(tf.constant(stored_as_held(image, 8, "PNG")))
    np.testing.assert_array_equal(found, np.asarray(image))


@pytest.mark.parametrize("encoded", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_image_fails(encoded):
    for decode in (decode_upright, lambda file: read_upright_square(file, 8)):
        with pytest.raises(tf.errors.InvalidArgumentError):
            decode(tf.constant(encoded))
