"""Maps: what each pixel of an image was worth to a network."""

from collections.abc import Iterable
from typing import Any

from keras import ops

from sact_keras.accounting.flops import Size
from sact_keras.kernels.types import Tensor


def resize_to_pixels(values: Tensor, size: Size) -> Tensor:
    """Gives each pixel the value of the position that covers it.

    The nearest neighbour of the originals: pixel i of H reads position
    floor(i h / H) of h, computed in float32 as theirs is, whose rounding moves a row
    by one position at some sizes (16 of 122, for one).

    Args:
        values: [N] (one for an image) or [N, h, w] (one for a position).
        size: (H, W) in pixels.

    Returns:
        [N, H, W].

    Example:
        >>> values = ops.reshape(ops.arange(4), (1, 2, 2))
        >>> ops.convert_to_numpy(resize_to_pixels(values, (2, 4)))[0].tolist()
        [[0, 0, 1, 1], [2, 2, 3, 3]]
    """
    if len(values.shape) == 1:
        values = ops.reshape(values, (-1, 1, 1))
    # Along lines first, where each number is copied by itself, while they are few.
    for axis, pixels in ((2, size[1]), (1, size[0])):
        covering = _covering_positions(pixels, ops.shape(values)[axis])
        values = ops.take(values, covering, axis=axis)
    return values


def _covering_positions(pixels: Any, positions: Any) -> Tensor:
    """The position that covers each pixel along one axis, int32 [pixels]."""
    scale = ops.cast(positions, "float32") / ops.cast(pixels, "float32")
    indices = ops.floor(ops.cast(ops.arange(pixels), "float32") * scale)
    return ops.minimum(ops.cast(indices, "int32"), positions - 1)


def pixel_map(values: Iterable[Tensor], size: Size) -> Tensor:
    """Sums the maps of all blocks at the image's resolution.

    Args:
        values: One tensor a block, [N] or [N, h, w].
        size: (H, W) in pixels.

    Returns:
        [N, H, W], in the dtype of the values.
    """
    return sum(resize_to_pixels(value, size) for value in values)
