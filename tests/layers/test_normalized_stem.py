import numpy as np
import pytest
from layer_test import run_layer_test, set_weights
from styles import PYTORCH

from sact_keras.layers import Cost, NormalizedStem


@pytest.mark.parametrize(
    ("pooled", "size", "output_size"),
    [(False, (5, 4), (5, 4)), (True, (9, 6), (3, 2)), (True, (8, 13), (2, 4))],
)
def test_layer(pooled, size, output_size):
    run_layer_test(
        NormalizedStem,
        {"filters": 4, "pooled": pooled, "style": PYTORCH, "name": "stem"},
        (2, *size, 3),
        expected_output_shape=(2, *output_size, 4),
        expected_num_trainable_weights=3,
        expected_num_non_trainable_weights=2,
    )


def stem_that_samples(**arguments):
    """A stem that samples: its kernel has its centre alone, its norm subtracts 7."""
    stem = NormalizedStem(1, style=PYTORCH, **arguments)
    stem.build((None, None, None, 1))
    kernel = np.zeros(stem.conv.kernel.shape, "float32")
    kernel[kernel.shape[0] // 2, kernel.shape[1] // 2] = 1.0
    set_weights(stem.conv, kernel)
    set_weights(stem.norm, [2.0], [3.0], [10.0], [4.0 - 1e-5])
    return stem


def test_it_normalizes_and_activates():
    image = np.arange(16, dtype="float32").reshape(1, 4, 4, 1)
    np.testing.assert_allclose(
        stem_that_samples()(image), np.maximum(image - 7, 0), rtol=1e-6
    )


def test_both_steps_of_imagenets_are_padded_symmetrically():
    """Of an even image, too: SAME padding would move the samples by one."""
    image = np.random.default_rng(0).uniform(8, 20, (1, 8, 8, 1)).astype("float32")
    sampled = image[0, ::2, ::2, 0] - 7  # 4 x 4; pooling reads -1..1 and 1..3.
    expected = [
        [sampled[:2, :2].max(), sampled[:2, 1:].max()],
        [sampled[1:, :2].max(), sampled[1:, 1:].max()],
    ]
    outputs = stem_that_samples(pooled=True)(image)
    np.testing.assert_allclose(outputs[0, :, :, 0], expected, rtol=1e-5)


def test_what_pooling_pads_with_does_not_show():
    outputs = stem_that_samples(pooled=True)(np.zeros((1, 3, 3, 1), "float32"))
    np.testing.assert_array_equal(outputs, [[[[0.0]]]])


def test_costs_are_counted_between_the_convolution_and_the_pooling():
    stem = NormalizedStem(4, pooled=True, style=PYTORCH)
    stem.build((None, None, None, 3))
    (cost,) = stem.costs()
    assert cost == Cost("conv", 2 * 49 * 3 * 4, stride=2, input_stride=2)
    assert stem.output_size((33, 46)) == (9, 12)
    assert cost.grid_size((33, 46), (9, 12)) == (17, 23)


def test_costs_on_cifar():
    stem = NormalizedStem(4, style=PYTORCH)
    stem.build((None, None, None, 3))
    assert stem.costs() == [Cost("conv", 2 * 9 * 3 * 4)]
    assert stem.output_size((33, 46)) == (33, 46)
