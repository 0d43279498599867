import numpy as np
import pytest
import tensorflow as tf
from exported_networks import draw_pixels
from folder_on_disk import pillow_square, smooth_image, stored_as_held

from sact_keras.data.photograph_preprocessing import PHOTOGRAPH_PREPROCESSING
from sact_keras.data.preprocessing import PREPROCESSING
from sact_keras.serving.image_preparation import ImagePreparation


def encode(pixels, how=tf.io.encode_png):
    return tf.stack([how(image.astype("uint8")) for image in pixels])


@pytest.mark.parametrize("name", PREPROCESSING)
def test_small_images_as_evaluated(name):
    pixels = draw_pixels(3, 32, 32)
    preparation = ImagePreparation("cifar", name, (32, 32))
    np.testing.assert_array_equal(preparation.read(encode(pixels)), pixels)
    expected = PREPROCESSING[name].normalize(pixels)
    np.testing.assert_array_equal(preparation.normalize(pixels), expected)


def test_small_images_of_other_sizes():
    preparation = ImagePreparation("cifar", "sact", (32, 32))
    # A board of black and white: smoothed it is grey, and picked from it is not.
    board = np.indices((256, 128)).sum(axis=0) % 2 * 255
    files = encode(np.repeat(board[None, ..., None], 3, axis=-1))
    found = preparation.read(files).numpy()
    assert found.shape == (1, 32, 32, 3)
    np.testing.assert_allclose(found[:, 2:-2, 2:-2], 127.5, atol=2)


def test_files_as_a_folders():
    """Upright, and cropped to a square; whole where they are not cropped."""
    preparation = ImagePreparation("cifar", "sact", (24, 24), upright=True)
    image = smooth_image(0, 61, 40)
    files = [stored_as_held(image, orientation) for orientation in (None, 6)]
    found = preparation.read(tf.constant(files))
    assert found.dtype == tf.float32
    for file, pixels in zip(files, found.numpy(), strict=True):
        assert np.abs(pixels - pillow_square(file, 24)).max() <= 4
        assert preparation.decode(tf.constant(file)).shape == (40, 61, 3)
    plain = ImagePreparation("cifar", "sact", (24, 24))
    assert plain.decode(tf.constant(files[1])).shape == (61, 40, 3)


@pytest.mark.parametrize("name", PHOTOGRAPH_PREPROCESSING)
def test_photographs_as_evaluated(name):
    files = encode(draw_pixels(2, 90, 61), tf.io.encode_jpeg)
    preparation = ImagePreparation("imagenet", name, (64, 64))
    recipe = PHOTOGRAPH_PREPROCESSING[name]
    expected = tf.stack([recipe.for_evaluation(file, 64) for file in files])
    np.testing.assert_array_equal(preparation.read(files), expected)
    np.testing.assert_array_equal(
        preparation.normalize(expected), recipe.normalize(expected)
    )


@pytest.mark.parametrize(
    ("family", "name", "size", "said"),
    [
        ("cifar", "none", (32, 32), "preprocessing"),
        ("imagenet", "blockdrop_r32", (224, 224), "preprocessing"),
        ("imagenet", "sact", (224, 192), "image_size must be square"),
        ("cifar", "sact", (32,), "image_size must be a height and a width"),
    ],
)
def test_what_is_refused(family, name, size, said):
    with pytest.raises(ValueError, match=f"{said}.*Received"):
        ImagePreparation(family, name, size)


def test_a_square_is_not_made_oblong():
    with pytest.raises(ValueError, match=r"image_size must be square.*\(32, 24\)"):
        ImagePreparation("cifar", "sact", (32, 24), upright=True)
