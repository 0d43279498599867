"""The masked executor: dense arithmetic, times the mask.

One of the two executors of the design. It is differentiable, keeps static shapes and
runs on every Keras backend, so training uses it; what a mask drops is computed and
multiplied by zero.
"""

from keras import ops

from sact_keras.kernels.types import Tensor


def broadcast_mask(mask: Tensor, features: Tensor) -> Tensor:
    """Shapes a mask so that it multiplies features.

    Args:
        mask: [N] (which images) or [N, h, w] (which positions).
        features: [N, h, w, channels].

    Returns:
        The mask in the features' dtype, [N, 1, 1, 1] or [N, h, w, 1].

    Example:
        >>> broadcast_mask(ops.ones((2,)), ops.zeros((2, 4, 4, 3))).shape
        TensorShape([2, 1, 1, 1])
    """
    mask = ops.cast(mask, features.dtype)
    missing = len(features.shape) - len(mask.shape)
    return ops.reshape(mask, ops.shape(mask) + (1,) * missing)


def execute_masked(
    shortcut: Tensor, residual: Tensor, mask: Tensor | None = None
) -> Tensor:
    """Computes `shortcut + mask * residual`; a mask of `None` keeps everything.

    Args:
        shortcut: [N, h, w, channels].
        residual: [N, h, w, channels].
        mask: [N] or [N, h, w] of zeros and ones, or None.

    Returns:
        [N, h, w, channels].
    """
    if mask is None:
        return shortcut + residual
    return shortcut + broadcast_mask(mask, residual) * residual
