"""The padding of the ImageNet ResNets' downsampling convolutions."""

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
