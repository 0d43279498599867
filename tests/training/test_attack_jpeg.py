import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from sact_keras.training.attack_jpeg import compress_as_jpeg


@pytest.fixture
def smooth_images():
    """Colour gradients with some noise, not whole numbers."""
    generator = np.random.default_rng(0)
    ramp = np.linspace(0, 220, 32)
    channels = [
        np.add.outer(ramp, ramp) / 2,
        np.tile(ramp, (32, 1)),
        np.full((32, 32), 99),
    ]
    images = np.stack(channels, axis=-1) + generator.uniform(0, 30, (3, 32, 32, 3))
    return images.astype("float32")


def with_pillow(image, quality):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file)).astype(int)


@pytest.mark.parametrize("quality", [10, 75, 95])
def test_images_are_those_that_another_codec_gives(smooth_images, quality):
    compressed = compress_as_jpeg(smooth_images, quality).numpy()
    for ours, image in zip(compressed, smooth_images, strict=True):
        theirs = with_pillow(np.rint(image).astype("uint8"), quality)
        assert np.abs(ours - theirs).max() <= 2
        assert np.abs(ours - image).mean() > 2 * np.abs(ours - theirs).mean()


def test_a_low_quality_loses_more(smooth_images):
    errors = [
        np.abs(compress_as_jpeg(smooth_images, quality) - smooth_images).mean()
        for quality in (5, 50, 100)
    ]
    assert errors[0] > 1.5 * errors[1]
    assert errors[1] > 1.2 * errors[2]


def test_images_are_whole_numbers_and_independent(smooth_images):
    compressed = compress_as_jpeg(tf.constant(smooth_images), 75)
    assert compressed.dtype == tf.float32
    assert compressed.shape == smooth_images.shape
    np.testing.assert_array_equal(compressed % 1, 0)
    for index in range(3):
        one = slice(index, index + 1)
        np.testing.assert_array_equal(
            compress_as_jpeg(smooth_images[one], 75), compressed[one]
        )
