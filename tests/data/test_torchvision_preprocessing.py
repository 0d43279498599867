"""ImageNet's preprocessing of the originals in PyTorch, against Pillow."""

import cifar_on_disk
import imagenet_on_disk as disk
import numpy as np
import pytest
import tensorflow as tf
from pillow_reference import evaluated_by_pillow, resized_by_pillow

from sact_keras.data.photograph_preprocessing import PHOTOGRAPH_PREPROCESSING
from sact_keras.data.torchvision_preprocessing import (
    crop_for_evaluation,
    normalize,
    prepare_for_training,
    sample_window,
)

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def assert_is_pillows(pixels, expected):
    """Of what Pillow makes hardly a value may differ, and none by more than 1."""
    error = np.abs(pixels - expected)
    assert error.max() <= 1
    assert error.mean() < 0.05
    np.testing.assert_array_equal(pixels, np.rint(pixels))


# Larger and smaller than 256, odd and even differences, upright and lying.
SIZES = [
    (500, 375),
    (333, 500),
    (256, 257),
    (259, 256),
    (120, 411),
    (97, 64),
    (900, 601),
]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("image_size", [224, 64, 99])
def test_evaluation_is_that_of_pillow(size, image_size):
    image = disk.photograph(*size)
    for encoded in (disk.jpeg(image), cifar_on_disk.png(image), disk.jpeg(image, "L")):
        pixels = crop_for_evaluation(encoded, image_size)
        assert_is_pillows(pixels, evaluated_by_pillow(encoded, image_size))


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (200, 3)])
def test_evaluation_of_extreme_shapes(size):
    encoded = cifar_on_disk.png(disk.photograph(*size))
    pixels = crop_for_evaluation(encoded, 24)
    assert_is_pillows(pixels, evaluated_by_pillow(encoded, 24))


@pytest.mark.parametrize("kept", [8, 20, 100])
@pytest.mark.parametrize("encode", [disk.jpeg, cifar_on_disk.png])
def test_image_that_is_cut_short_is_refused(encode, kept):
    encoded = encode(disk.photograph(50, 60))[:kept]
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf.function(crop_for_evaluation)(encoded, 24)


def test_photographs(shared_dir):
    files = sorted((shared_dir / "data" / "photos").glob("*.jpg"))
    if not files:
        pytest.skip("no photographs in ../shared")
    for file in files:
        encoded = file.read_bytes()
        pixels = crop_for_evaluation(encoded, 224)
        assert_is_pillows(pixels, evaluated_by_pillow(encoded, 224))


def test_normalization_is_by_the_statistics_of_each_channel():
    pixels = np.arange(2 * 3 * 4 * 3, dtype=np.float32).reshape(2, 3, 4, 3)
    expected = (pixels / 255 - MEAN) / STD
    np.testing.assert_allclose(normalize(pixels), expected, atol=1e-6)


def test_conv_net_aig_and_dynconv_share_it():
    assert PHOTOGRAPH_PREPROCESSING["aig"] is PHOTOGRAPH_PREPROCESSING["dynconv"]
    assert PHOTOGRAPH_PREPROCESSING["aig"].for_evaluation is crop_for_evaluation
    assert PHOTOGRAPH_PREPROCESSING["aig"].for_training is prepare_for_training
    assert PHOTOGRAPH_PREPROCESSING["aig"].normalize is normalize


@tf.function
def train(encoded, seed, image_size):
    return prepare_for_training(encoded, tf.zeros([0, 4]), seed, image_size)


@pytest.mark.parametrize("size", [(60, 90), (300, 200), (5, 200), (1, 1)])
def test_training_images_are_windows_resized_by_pillow(size):
    image = disk.photograph(*size)
    encoded = cifar_on_disk.png(image)
    seeds = tf.random.stateless_uniform([8, 4], (0, 1), None, None, tf.int64)
    for seed in seeds:
        top, left, height, width = sample_window(tf.constant(size), seed[:2]).numpy()
        window = image[top : top + height, left : left + width]
        expected = resized_by_pillow(window, 32, 32)
        result = train(encoded, seed, 32).numpy()
        pixels = np.rint((result * STD + MEAN) * 255)
        np.testing.assert_allclose(result, normalize(pixels), atol=1e-5)
        np.testing.assert_array_equal(train(encoded, seed, 32), result)
        is_mirrored = np.abs(pixels - expected).mean() > 1
        assert_is_pillows(pixels, expected[:, ::-1] if is_mirrored else expected)


def test_half_of_the_images_are_mirrored_whatever_the_window():
    image = np.zeros((64, 64, 3), np.uint8)
    image[...] = 4 * np.arange(64, dtype=np.uint8)[:, np.newaxis]
    encoded = cifar_on_disk.png(image)
    seeds = [[3, 4, number, 0] for number in range(200)]
    images = [train(encoded, seed, 8).numpy() for seed in tf.constant(seeds, tf.int64)]
    assert len({image.tobytes() for image in images}) == 2
    is_mirrored = [image[0, 0, 0] > image[0, -1, 0] for image in images]
    assert 0.4 < np.mean(is_mirrored) < 0.6


@tf.function
def sample_windows(shape, seeds):
    return tf.map_fn(lambda seed: sample_window(shape, seed), seeds, tf.int32)


def windows_of(shape, count=2000):
    seeds = tf.random.stateless_uniform([count, 2], (0, 0), None, None, tf.int64)
    return sample_windows(tf.constant(shape), seeds).numpy().astype(float).T


def drawn_plainly(shape, count=2000):
    """Windows of the same distribution, drawn one number after the other."""
    random = np.random.default_rng(0)
    (height, width), windows = shape, []
    while len(windows) < count:
        for _ in range(10):
            area = random.uniform(0.08, 1) * height * width
            ratio = np.exp(random.uniform(np.log(3 / 4), np.log(4 / 3)))
            w, h = round((area * ratio) ** 0.5), round((area / ratio) ** 0.5)
            if 0 < w <= width and 0 < h <= height:
                top = random.integers(0, height - h, endpoint=True)
                left = random.integers(0, width - w, endpoint=True)
                windows.append((top, left, h, w))
                break
    return np.array(windows, float).T


@pytest.mark.parametrize("shape", [(400, 400), (375, 500)])
def test_windows_are_distributed_as_torchvisions(shape):
    top, left, height, width = windows = windows_of(shape)
    assert (windows[:2] >= 0).all()
    assert (top + height <= shape[0]).all()
    assert (left + width <= shape[1]).all()
    shares = height * width / np.prod(shape)
    assert 0.079 < shares.min() < 0.09
    assert shares.max() <= 1
    assert 0.74 < (width / height).min() < 0.76
    assert 1.31 < (width / height).max() < 1.35
    # The statistic of Kolmogorov and Smirnov, at about one in a thousand.
    for ours, others in zip(windows, drawn_plainly(shape), strict=True):
        steps = np.union1d(ours, others)
        shares = [np.searchsorted(np.sort(v), steps, "right") for v in (ours, others)]
        assert np.abs(np.subtract(*shares)).max() / 2000 < 1.95 * (2 / 2000) ** 0.5


@pytest.mark.parametrize(
    ("shape", "window"),
    [
        ((1000, 30), (480, 0, 40, 30)),
        ((30, 1001), (0, 480, 30, 40)),
        ((1, 1), (0, 0, 1, 1)),
    ],
)
def test_largest_window_in_the_middle_where_none_fits(shape, window):
    np.testing.assert_array_equal(windows_of(shape, 20).T, [window] * 20)
