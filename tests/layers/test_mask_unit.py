import numpy as np
import pytest
from layer_test import run_layer_test
from styles import PYTORCH

from sact_keras.layers import Cost, MaskUnit


@pytest.mark.parametrize(("strides", "output_shape"), [(1, (3, 5, 4)), (2, (3, 3, 2))])
def test_layer(strides, output_shape):
    run_layer_test(
        MaskUnit,
        {"strides": strides, "style": PYTORCH, "name": "unit_1"},
        (3, 5, 4, 6),
        expected_output_shape=output_shape,
        expected_num_trainable_weights=4,
        mixed_output_dtype="float32",
    )


def random_masker(strides, channels=4):
    masker = MaskUnit(strides, style=PYTORCH)
    masker.build((None, None, None, channels))
    rng = np.random.default_rng(0)
    masker.set_weights([rng.normal(size=w.shape) for w in masker.weights])
    return masker


def scores_by_hand(masker, images):
    """Position by position; what is beyond the edge is zero."""
    kernel = np.array(masker.local_conv.kernel)[..., 0]
    bias = float(masker.local_conv.bias[0]) + float(masker.global_linear.bias[0])
    count, height, width, _ = images.shape
    rows = range(0, height, masker.strides)
    columns = range(0, width, masker.strides)
    scores = np.zeros((count, len(rows), len(columns)))
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            window = padded[:, row : row + 3, column : column + 3]
            scores[:, i, j] = (window * kernel).sum(axis=(1, 2, 3))
    whole = images.mean(axis=(1, 2)) @ np.array(masker.global_linear.kernel)
    return scores + whole.reshape(count, 1, 1) + bias


@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize("size", [(6, 4), (5, 7), (2, 1)])
def test_scores_are_local_plus_global_evidence(strides, size):
    """Centred on every other position with a stride of two, on even sizes, too."""
    images = np.random.default_rng(1).normal(size=(3, *size, 4)).astype("float32")
    masker = random_masker(strides)
    scores = masker(images)
    np.testing.assert_allclose(
        scores, scores_by_hand(masker, images), rtol=1e-4, atol=1e-5
    )
    np.testing.assert_array_equal(masker(images, training=True), scores)


def test_shapes_of_unknown_sizes():
    shape = MaskUnit(2, style=PYTORCH).compute_output_shape((None, None, 7, 4))
    assert shape == (None, None, 4)


def test_the_linear_map_begins_within_one_over_the_root_of_the_inputs():
    masker = MaskUnit(style=PYTORCH)
    masker.build((None, None, None, 400))
    kernel = np.abs(masker.global_linear.kernel)
    assert 0.9 / 20 < kernel.max() <= 1 / 20


def test_the_originals_macs_count_one_bias_and_no_linear_map():
    masker = MaskUnit(style=PYTORCH)
    masker.build((None, None, None, 6))
    local, whole = masker.costs()
    assert local == Cost("mask_conv", 2 * 9 * 6, macs=9 * 6 + 1)
    assert whole == Cost("mask_linear", 2 * 6, per="image", macs=0)
