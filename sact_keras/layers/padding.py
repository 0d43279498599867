"""The padding of downsampling convolutions."""

import keras
from keras import ops

from sact_keras.kernels.types import Tensor


def pad_symmetrically(features: Tensor, kernel_size: int) -> Tensor:
    """Pads by half a kernel on every side, for a VALID convolution with a stride.

    SAME padding would depend on whether a side is even, and then pad more at its end:
    features would be aligned to one resolution in one image and another in the next.

    Args:
        features: [N, h, w, channels].
        kernel_size: Side of the convolution's kernel, odd.

    Returns:
        [N, h + kernel_size - 1, w + kernel_size - 1, channels].

    Example:
        >>> pad_symmetrically(ops.ones((1, 8, 6, 4)), kernel_size=3).shape
        TensorShape([1, 10, 8, 4])
    """
    border = (kernel_size // 2, kernel_size // 2)
    return ops.pad(features, ((0, 0), border, border, (0, 0)))


def convolve_padded(convolution: keras.layers.Conv2D, features: Tensor) -> Tensor:
    """Convolves after padding by half a kernel on every side, whatever the stride.

    Args:
        convolution: Of padding "same" where its stride is 1, which is the same there,
            and else "valid".
        features: [N, h, w, channels].

    Returns:
        [N, ceil(h / stride), ceil(w / stride), filters].

    Example:
        >>> convolution = keras.layers.Conv2D(4, 3, strides=2)
        >>> convolve_padded(convolution, ops.ones((1, 8, 7, 2))).shape
        TensorShape([1, 4, 4, 4])
    """
    if convolution.padding == "valid":
        features = pad_symmetrically(features, convolution.kernel_size[0])
    return convolution(features)
