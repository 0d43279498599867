"""Random blobs: masks of positions that hang together, as learned ones do."""

import numpy as np

CORRELATION_LENGTH = 1 / 4
"""Share of a side over which a random field stays alike: at that distance its
correlation has fallen to 1/e."""


def random_field(size: tuple[int, int], generator: np.random.Generator) -> np.ndarray:
    """Draws a smooth random field.

    White noise, smoothed along each side by a Gaussian whose standard deviation is half
    of the correlation length. The noise goes on beyond the edges, so that positions
    near them are like all others.

    Args:
        size: (h, w).
        generator: Of the noise.

    Returns:
        [h, w], float64.

    Example:
        >>> random_field((8, 4), np.random.default_rng(0)).shape
        (8, 4)
    """
    rows, columns = (_smoothing(side) for side in size)
    noise = generator.standard_normal((rows.shape[1], columns.shape[1]))
    return rows @ noise @ columns.T


def _smoothing(side: int) -> np.ndarray:
    """The matrix that smooths noise to `side` positions, [side, side + margins]."""
    deviation = CORRELATION_LENGTH / 2 * side
    margin = int(np.ceil(3 * deviation))
    positions = np.arange(side)[:, None]
    sources = np.arange(-margin, side + margin)[None]
    return np.exp(-(((positions - sources) / deviation) ** 2) / 2)
