"""The ten outlines of the `shapes` data set, as tests of points in a unit frame.

Only additions, multiplications, divisions, comparisons and square roots are used,
which IEEE 754 rounds alike everywhere: the same pixels come out on every machine,
where a sine could differ in its last bit.
"""

from collections.abc import Callable

import numpy as np

Points = np.ndarray
Outline = Callable[[Points, Points], np.ndarray]

# The corners of a regular five-pointed star with its tip up (y points down):
# (sin, -cos) of multiples of 36 degrees, at radius 1 and 0.42 in turn.
_STAR = (
    (0.0, -1.0),
    (0.24687, -0.33979),
    (0.95106, -0.30902),
    (0.39944, 0.12979),
    (0.58779, 0.80902),
    (0.0, 0.42),
    (-0.58779, 0.80902),
    (-0.39944, 0.12979),
    (-0.95106, -0.30902),
    (-0.24687, -0.33979),
)


def _box(
    x: Points, y: Points, left: float, right: float, top: float, bottom: float
) -> np.ndarray:
    return (x >= left) & (x <= right) & (y >= top) & (y <= bottom)


def _disc(x: Points, y: Points) -> np.ndarray:
    return x * x + y * y <= 0.95 * 0.95


def _ring(x: Points, y: Points) -> np.ndarray:
    squared_radius = x * x + y * y
    return (squared_radius <= 1.0) & (squared_radius >= 0.52 * 0.52)


def _square(x: Points, y: Points) -> np.ndarray:
    return _box(x, y, -0.82, 0.82, -0.82, 0.82)


def _triangle(x: Points, y: Points) -> np.ndarray:
    return (y <= 0.75) & (np.abs(x) * 1.75 <= y + 1.0)


def _cross(x: Points, y: Points) -> np.ndarray:
    upright = _box(x, y, -0.3, 0.3, -1.0, 1.0)
    return upright | _box(x, y, -1.0, 1.0, -0.3, 0.3)


def _star(x: Points, y: Points) -> np.ndarray:
    # A point is inside if a ray from it crosses the outline an odd number of times.
    inside = np.zeros(np.broadcast(x, y).shape, bool)
    for (x0, y0), (x1, y1) in zip(_STAR, _STAR[1:] + _STAR[:1], strict=True):
        if y0 != y1:
            spans = (y0 > y) != (y1 > y)
            inside ^= spans & (x < x0 + (y - y0) * ((x1 - x0) / (y1 - y0)))
    return inside


def _crescent(x: Points, y: Points) -> np.ndarray:
    hollow_x = x - 0.55
    return (x * x + y * y <= 1.0) & (hollow_x * hollow_x + y * y >= 0.78 * 0.78)


def _bar(x: Points, y: Points) -> np.ndarray:
    return _box(x, y, -1.05, 1.05, -0.32, 0.32)


def _ell(x: Points, y: Points) -> np.ndarray:
    upright = _box(x, y, -0.75, -0.15, -0.9, 0.9)
    return upright | _box(x, y, -0.75, 0.75, 0.3, 0.9)


def _hourglass(x: Points, y: Points) -> np.ndarray:
    return (np.abs(y) <= 0.9) & (np.abs(x) <= 0.1 + 0.78 * np.abs(y))


#: Each class and its test: whether points `(x, y)` lie inside. The frame is the square
#: `[-1, 1] x [-1, 1]`, more or less, and y points down.
OUTLINES: dict[str, Outline] = {
    "disc": _disc,
    "ring": _ring,
    "square": _square,
    "triangle": _triangle,
    "cross": _cross,
    "star": _star,
    "crescent": _crescent,
    "bar": _bar,
    "ell": _ell,
    "hourglass": _hourglass,
}
