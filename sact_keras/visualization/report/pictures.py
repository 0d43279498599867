"""Pictures as text that stands in a page."""

import base64
import functools
import io

import matplotlib
import numpy as np
from PIL import Image

LONG_SIDE = 512  # Of what a page holds at most, in pixels.
QUALITY = 85
COLOURS = 256


def image_url(image: np.ndarray) -> str:
    """Encodes an image as JPEG, made smaller where it is large.

    Args:
        image: `[H, W, 3]`, uint8.

    Returns:
        A `data:` URL.

    Example:
        >>> image_url(np.zeros((8, 8, 3), np.uint8))[:23]
        'data:image/jpeg;base64,'
    """
    picture = Image.fromarray(image)
    picture.thumbnail((LONG_SIDE, LONG_SIDE))
    file = io.BytesIO()
    # Colours at full resolution: a 32 pixel image is shown enlarged.
    picture.save(file, "jpeg", quality=QUALITY, subsampling=0)
    return _url(file, "jpeg")


def map_url(values: np.ndarray, low: float, high: float) -> str:
    """Draws a map in viridis, one colour a value.

    Args:
        values: `[h, w]`, finite.
        low: What is drawn in the first colour; smaller values are too.
        high: What is drawn in the last colour; larger values are too. `low` or more.

    Returns:
        A `data:` URL of a PNG with a palette.

    Example:
        >>> map_url(np.eye(2), 0.0, 1.0)[:22]
        'data:image/png;base64,'
    """
    share = (values - low) / ((high - low) or 1.0)
    indices = np.rint((COLOURS - 1) * np.clip(share, 0, 1)).astype(np.uint8)
    picture = Image.fromarray(indices)
    picture.putpalette(_viridis())
    # Nearest: a mean of two colours' numbers is right, but a place that stopped
    # early would blur into its neighbours.
    picture.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.NEAREST)
    file = io.BytesIO()
    picture.save(file, "png", optimize=True)
    return _url(file, "png")


@functools.cache
def _viridis() -> bytes:
    colours = matplotlib.colormaps["viridis"](np.arange(COLOURS), bytes=True)
    return np.asarray(colours)[:, :3].tobytes()


def _url(file: io.BytesIO, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode()}"
