"""Shortcuts without weights: average pooling, and channels of zeros."""

from collections.abc import Sequence

from keras import ops

from sact_keras.kernels.types import Tensor


def pool_and_widen(
    inputs: Tensor, strides: int, channels_before: int, channels_after: int
) -> Tensor:
    """Averages windows of `strides` x `strides`, and adds channels of zeros.

    A window that reaches beyond the edge averages what is inside.

    Args:
        inputs: [N, H, W, channels].
        strides: Side of a window; 1 keeps everything.
        channels_before: Zeros ahead of the channels.
        channels_after: Zeros behind them.

    Returns:
        [N, ceil(H / strides), ceil(W / strides), channels_before + channels +
        channels_after].

    Example:
        >>> pool_and_widen(ops.ones((1, 8, 7, 4)), 2, 0, 4).shape
        TensorShape([1, 4, 4, 8])
    """
    if strides > 1:
        inputs = ops.average_pool(inputs, strides, strides, padding="same")
    if channels_before or channels_after:
        added = (channels_before, channels_after)
        inputs = ops.pad(inputs, ((0, 0), (0, 0), (0, 0), added))
    return inputs


def check_widening(input_shape: Sequence[int | None], filters: int) -> None:
    """Checks that such a shortcut has no channel too many.

    Raises:
        ValueError: If the input has more channels than `filters`.
    """
    if input_shape[-1] > filters:
        raise ValueError(
            "filters must be at least the channels of the input, which the "
            f"shortcut keeps. Received: filters={filters}, "
            f"input_shape={tuple(input_shape)}"
        )
