"""The originals' preprocessing."""

import numpy as np
import pytest
import tensorflow as tf

from sact_keras.data.preprocessing import PREPROCESSING, get_preprocessing


@pytest.mark.parametrize(
    ("name", "padding"),
    [("sact", 2), ("aig", 4), ("dynconv", 4), ("blockdrop", 4), ("blockdrop_r32", 4)],
)
def test_padding_of_each_original(name, padding):
    assert PREPROCESSING[name].padding == padding


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
