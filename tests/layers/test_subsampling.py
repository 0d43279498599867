import keras
import numpy as np
import pytest

from sact_keras.layers.subsampling import subsample


@pytest.mark.parametrize("size", [(6, 8), (5, 7), (1, 2)])
@pytest.mark.parametrize("strides", [1, 2, 3])
def test_is_what_a_1x1_convolution_with_that_stride_reads(size, strides):
    rng = np.random.default_rng(0)
    features = rng.normal(size=(2, *size, 3)).astype("float32")
    kernel = rng.normal(size=(1, 1, 3, 4)).astype("float32")
    np.testing.assert_allclose(
        keras.ops.conv(subsample(features, strides), kernel),
        keras.ops.conv(features, kernel, strides, padding="valid"),
        rtol=1e-5,
        atol=1e-6,
    )
