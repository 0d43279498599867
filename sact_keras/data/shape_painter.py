"""Paints the examples of the `shapes` data set, a chunk at a time.

All random numbers are raw 64-bit outputs of a Philox generator, whose stream NumPy
promises never to change, and all arithmetic on them is exact or rounded alike
everywhere: an example is the same on every machine.
"""

from typing import NamedTuple

import numpy as np

from sact_keras.data.shape_outlines import OUTLINES

IMAGE_SIZE = 32

# The object is painted in a window of its own, each pixel by 3 x 3 sample points.
_WINDOW, _SAMPLES = 16, 3
_MIN_RADIUS, _MAX_RADIUS = 4.8, 6.3
# tan(angle / 2) of the largest rotation either way: about 25 degrees.
_MAX_HALF_ANGLE_TANGENT = 0.22

_PATCHES, _LINES, _SPECKS = 4, 3, 6


class PaintedShapes(NamedTuple):
    """A chunk of examples.

    Attributes:
        images: uint8 `[n, 32, 32, 3]`.
        labels: int32 `[n]`, positions in `OUTLINES`.
        object_masks: uint8 `[n, 32, 32]`: 1 where the object covers at least half of
            the pixel, else 0.
    """

    images: np.ndarray
    labels: np.ndarray
    object_masks: np.ndarray


class _RandomStream:
    """Uniform numbers out of the raw stream of a Philox bit generator."""

    def __init__(self, key: int) -> None:
        self._generator = np.random.Philox(key=key)

    def uniform(self, shape: tuple[int, ...], low: float, high: float) -> np.ndarray:
        """Returns float64 in `[low, high)`, multiples of 2**-53 of the range."""
        raw = self._generator.random_raw(int(np.prod(shape))).reshape(shape)
        return low + (high - low) * ((raw >> np.uint64(11)) * 2.0**-53)

    def integers(self, shape: tuple[int, ...], low: int, high: int) -> np.ndarray:
        """Returns int64 in `[low, high)`."""
        raw = self._generator.random_raw(int(np.prod(shape))).reshape(shape)
        return low + (raw % np.uint64(high - low)).astype(np.int64)

    def bytes(self, shape: tuple[int, ...]) -> np.ndarray:
        """Returns uint8 in `[0, 256)`."""
        count = int(np.prod(shape))
        raw = self._generator.random_raw(-(-count // 8))
        little_endian = raw.astype("<u8").view(np.uint8)
        return little_endian[:count].reshape(shape)


def paint_shapes(count: int, key: int) -> PaintedShapes:
    """Paints examples: a function of `count` and `key` alone.

    Args:
        count: the number of examples, at least 1.
        key: of the random stream, a non-negative integer below 2**128.

    Returns:
        Images, labels and masks.

    Example:
        >>> chunk = paint_shapes(count=4, key=0)
        >>> chunk.images.shape, chunk.object_masks.shape
        ((4, 32, 32, 3), (4, 32, 32))
    """
    random = _RandomStream(key)
    images = _paint_background(count, random)
    _paint_patches(images, random)
    _paint_lines(images, random)
    _paint_specks(images, random)
    labels = random.integers((count,), 0, len(OUTLINES))
    coverage = _object_coverage(labels, random)
    _blend_object(images, coverage, random)
    noise = random.bytes(images.shape).astype(np.int16) % 17 - 8
    images = np.clip(images + noise, 0, 255).astype(np.uint8)
    masks = (2 * coverage >= _SAMPLES**2).astype(np.uint8)
    return PaintedShapes(images, labels.astype(np.int32), masks)


def _paint_background(count: int, random: _RandomStream) -> np.ndarray:
    """Smooth colour: a coarse grid of random colours, interpolated. int16."""
    cell = 8
    nodes = IMAGE_SIZE // cell + 1
    grid = random.integers((count, nodes, nodes, 3), 60, 196).astype(np.int16)
    position = np.arange(IMAGE_SIZE)
    node, weight = position // cell, (position % cell).astype(np.int16)
    down = weight[:, np.newaxis, np.newaxis]
    rows = (grid[:, node] * (cell - down) + grid[:, node + 1] * down) // cell
    across = weight[:, np.newaxis]
    return (rows[:, :, node] * (cell - across) + rows[:, :, node + 1] * across) // cell


def _clutter_colours(count: int, random: _RandomStream) -> np.ndarray:
    return random.integers((count, 1, 1, 3), 35, 221).astype(np.int16)


def _paint_patches(images: np.ndarray, random: _RandomStream) -> None:
    """Adds half-transparent rectangles of 2 to 6 pixels a side."""
    count = len(images)
    place = np.arange(IMAGE_SIZE)
    for _ in range(_PATCHES):
        top, left = random.integers((2, count, 1), -2, IMAGE_SIZE)
        height, width = random.integers((2, count, 1), 2, 7)
        rows = (place >= top) & (place < top + height)
        columns = (place >= left) & (place < left + width)
        inside = (
            rows[:, :, np.newaxis, np.newaxis] & columns[:, np.newaxis, :, np.newaxis]
        )
        mixed = (images + _clutter_colours(count, random)) // 2
        np.copyto(images, mixed, where=inside)


def _paint_lines(images: np.ndarray, random: _RandomStream) -> None:
    """Adds straight lines, a pixel wide, right across the image."""
    count = len(images)
    y, x = np.mgrid[:IMAGE_SIZE, :IMAGE_SIZE]
    for _ in range(_LINES):
        centre_y, centre_x = random.uniform((2, count, 1, 1), 0, IMAGE_SIZE)
        sine, cosine = _rotation(random.uniform((count, 1, 1), -1, 1))
        distance = np.abs(cosine * (y - centre_y) + sine * (x - centre_x))
        colours = _clutter_colours(count, random)
        np.copyto(images, colours, where=(distance <= 0.5)[..., np.newaxis])


def _paint_specks(images: np.ndarray, random: _RandomStream) -> None:
    """Adds squares of 2 x 2 pixels."""
    count = len(images)
    for _ in range(_SPECKS):
        top, left = random.integers((2, count), 0, IMAGE_SIZE - 1)
        colours = _clutter_colours(count, random)[:, 0, 0]
        for down in (0, 1):
            for across in (0, 1):
                images[np.arange(count), top + down, left + across] = colours


def _rotation(half_angle_tangent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns (sine, cosine) by the half-angle formulas, which need no sine."""
    squared = half_angle_tangent * half_angle_tangent
    return 2 * half_angle_tangent / (1 + squared), (1 - squared) / (1 + squared)


def _object_coverage(labels: np.ndarray, random: _RandomStream) -> np.ndarray:
    """Places an object in each image.

    Returns:
        int16 `[n, 32, 32]`: how many of a pixel's sample points the object covers.
    """
    count = len(labels)
    # Kept clear of the edges by the longest outline's reach.
    margin = 1.2 * _MAX_RADIUS
    centre_y, centre_x = random.uniform((2, count), margin, IMAGE_SIZE - margin)
    radius = random.uniform((count, 1, 1), _MIN_RADIUS, _MAX_RADIUS)
    sine, cosine = _rotation(
        random.uniform((count, 1, 1), -_MAX_HALF_ANGLE_TANGENT, _MAX_HALF_ANGLE_TANGENT)
    )
    top, left = ((c - _WINDOW / 2).astype(np.int64) for c in (centre_y, centre_x))
    samples = (np.arange(_WINDOW * _SAMPLES) + 0.5) / _SAMPLES
    y = (samples + (top - centre_y)[:, np.newaxis])[:, :, np.newaxis] / radius
    x = (samples + (left - centre_x)[:, np.newaxis])[:, np.newaxis, :] / radius
    x, y = cosine * x + sine * y, cosine * y - sine * x

    window = np.empty((count, _WINDOW, _WINDOW), np.int16)
    for label, is_inside in enumerate(OUTLINES.values()):
        chosen = labels == label
        inside = is_inside(x[chosen], y[chosen])
        blocks = inside.reshape(-1, _WINDOW, _SAMPLES, _WINDOW, _SAMPLES)
        window[chosen] = blocks.sum(axis=(2, 4))

    # Windows may reach over the image's edge: they are pasted into a wider one.
    border = _WINDOW
    wide = np.zeros((count, IMAGE_SIZE + 2 * border, IMAGE_SIZE + 2 * border), np.int16)
    rows = border + top[:, np.newaxis] + np.arange(_WINDOW)
    columns = border + left[:, np.newaxis] + np.arange(_WINDOW)
    example = np.arange(count)[:, np.newaxis, np.newaxis]
    wide[example, rows[:, :, np.newaxis], columns[:, np.newaxis, :]] = window
    return wide[:, border:-border, border:-border]


def _blend_object(
    images: np.ndarray, coverage: np.ndarray, random: _RandomStream
) -> None:
    """Paints the object over everything else, in a colour that stands out.

    Each channel is nearly dark or nearly full, where the background is neither.
    """
    count = len(images)
    shade = random.integers((count, 1, 1, 3), 0, 36)
    bright = random.integers((count, 1, 1, 3), 0, 2) == 1
    colours = np.where(bright, 255 - shade, shade).astype(np.int16)
    weight = coverage[..., np.newaxis]
    images[:] = (images * (_SAMPLES**2 - weight) + colours * weight) // _SAMPLES**2
