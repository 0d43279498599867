import numpy as np
import pytest

from sact_keras.layers.padding import pad_symmetrically


@pytest.mark.parametrize("kernel_size", [1, 3, 7])
def test_pads_alike_on_all_sides(kernel_size):
    features = np.ones((2, 4, 5, 3), "float32")
    padded = np.array(pad_symmetrically(features, kernel_size))
    border = kernel_size // 2
    assert padded.shape == (2, 4 + 2 * border, 5 + 2 * border, 3)
    np.testing.assert_array_equal(
        padded[:, border : border + 4, border : border + 5], features
    )
    assert padded.sum() == features.sum()
