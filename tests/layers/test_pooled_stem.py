import numpy as np
import pytest
from layer_test import run_layer_test
from styles import IMAGENET

from sact_keras.layers import Cost, PooledStem


@pytest.mark.parametrize(("size", "output_size"), [((9, 6), (3, 2)), ((8, 13), (2, 4))])
def test_layer(size, output_size):
    run_layer_test(
        PooledStem,
        {"filters": 4, "style": IMAGENET, "name": "stem"},
        (2, *size, 3),
        expected_output_shape=(2, *output_size, 4),
        expected_num_trainable_weights=2,
    )


def test_the_convolution_is_centered_on_every_other_pixel():
    """With the kernel's centre alone, it samples; the pooling takes the largest."""
    stem = PooledStem(1, style=IMAGENET)
    stem.build((None, None, None, 1))
    kernel = np.zeros((7, 7, 1, 1), "float32")
    kernel[3, 3] = 1.0
    stem.set_weights([kernel, np.array([-100.0], "float32")])
    image = np.arange(64, dtype="float32").reshape(1, 8, 8, 1)
    sampled = image[:, ::2, ::2]  # 4 x 4, of which SAME pooling reads 0..2 and 2..3.
    expected = [
        [sampled[0, :3, :3].max(), sampled[0, :3, 2:].max()],
        [sampled[0, 2:, :3].max(), sampled[0, 2:, 2:].max()],
    ]
    np.testing.assert_allclose(
        stem(image)[0, :, :, 0], np.subtract(expected, 100), rtol=1e-6
    )


def test_costs_are_counted_between_the_convolution_and_the_pooling():
    stem = PooledStem(4, style=IMAGENET)
    stem.build((None, None, None, 3))
    (cost,) = stem.costs()
    assert cost == Cost("conv", 2 * 49 * 3 * 4, stride=2, input_stride=2)
    assert stem.output_size((33, 46)) == (9, 12)
    assert cost.grid_size((33, 46), (9, 12)) == (17, 23)
