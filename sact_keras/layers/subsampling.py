"""What a 1x1 convolution with a stride reads."""

from sact_keras.kernels.types import Tensor


def subsample(features: Tensor, strides: int) -> Tensor:
    """Keeps every `strides`-th position along each side, beginning with the first.

    A 1x1 convolution of what is kept is the convolution with that stride. It is better
    had this way: with a stride, and fewer input channels than fill a vector register,
    the gradient of the kernel writes outside its memory in oneDNN (its issue 6035).

    Args:
        features: [N, h, w, channels].
        strides: 1 keeps everything.

    Returns:
        [N, ceil(h / strides), ceil(w / strides), channels].

    Example:
        >>> import keras
        >>> subsample(keras.ops.ones((1, 8, 7, 2)), strides=2).shape
        TensorShape([1, 4, 4, 2])
    """
    return features if strides == 1 else features[:, ::strides, ::strides]
