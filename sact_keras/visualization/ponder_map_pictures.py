"""Pictures of one image's ponder map, of the image's own size."""

import io
import os
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.colorbar import Colorbar
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from PIL import Image

from sact_keras.files.atomic_write import atomic_write

COLOUR_MAP = "viridis"
JPEG_QUALITY = 95
OVERLAY_STRENGTH = 0.6

# ITU-R 601, as Pillow makes grey of colours.
LUMINANCE = (0.299, 0.587, 0.114)

_BAR_INCHES = (0.2, 2.0)
_LABEL_POINTS = 12


def colour_ponder_map(ponder_map: np.ndarray, lower: float, upper: float) -> np.ndarray:
    """Draws a map in viridis, from blue where little is computed to yellow.

    Args:
        ponder_map: [H, W], ponder cost or executed units a pixel.
        lower: The value drawn in the first colour; what is less looks the same.
        upper: The value drawn in the last colour, at least `lower`; likewise.

    Returns:
        uint8 [H, W, 3]. A range of no width is all in the first colour.

    Raises:
        ValueError: If the map has another shape or is not finite, or the range is
            turned round.

    Example:
        >>> colour_ponder_map(np.array([[1.0, 3.0]]), lower=1, upper=3).tolist()
        [[[68, 1, 84], [253, 231, 36]]]
    """
    ponder_map = np.asarray(ponder_map, dtype=np.float64)
    if ponder_map.ndim != 2 or not np.isfinite(ponder_map).all():
        raise ValueError(
            "`ponder_map` must have shape [H, W] and be finite. "
            f"Received: ponder_map of shape {ponder_map.shape}"
        )
    if not lower <= upper:
        raise ValueError(
            f"`lower` must not exceed `upper`. Received: lower={lower}, upper={upper}"
        )
    scaled = Normalize(lower, upper, clip=True)(ponder_map)
    return matplotlib.colormaps[COLOUR_MAP](scaled, bytes=True)[..., :3]


def overlay_ponder_map(
    pixels: np.ndarray, coloured: np.ndarray, strength: float = OVERLAY_STRENGTH
) -> np.ndarray:
    """Lays a coloured map over the image, whose own colours would be taken for it.

    Args:
        pixels: The image, uint8 [H, W, 3].
        coloured: Its map as `colour_ponder_map` draws it, uint8 [H, W, 3].
        strength: The map's share in [0, 1]; the greyed image has the rest.

    Returns:
        uint8 [H, W, 3].

    Raises:
        ValueError: If the sizes differ or `strength` is out of range.

    Example:
        >>> white, red = np.full((1, 1, 3), 255, np.uint8), np.uint8([[[255, 0, 0]]])
        >>> overlay_ponder_map(white, red, strength=0.6).tolist()
        [[[255, 102, 102]]]
    """
    if pixels.shape != coloured.shape:
        raise ValueError(
            f"`coloured` must have the shape of the image, {pixels.shape}. "
            f"Received: coloured of shape {coloured.shape}"
        )
    if not 0 <= strength <= 1:
        raise ValueError(f"`strength` must be in [0, 1]. Received: strength={strength}")
    grey = np.dot(pixels, LUMINANCE)[..., np.newaxis]
    return np.rint((1 - strength) * grey + strength * coloured).astype(np.uint8)


def as_picture(pixels: np.ndarray) -> np.ndarray:
    """Rounds pixels to 8 bits; what interpolation put beyond [0, 255] is cut off.

    Example:
        >>> as_picture(np.array([-3.0, 7.6, 260.0]))
        array([  0,   8, 255], dtype=uint8)
    """
    return np.rint(np.clip(pixels, 0, 255)).astype(np.uint8)


def save_picture(path: str | os.PathLike, pixels: np.ndarray) -> None:
    """Writes an image in the format that its name ends in.

    Args:
        path: The file, ending in .png, .jpg or .jpeg. It appears whole or not at all;
            its directory must exist.
        pixels: uint8 [H, W, 3].

    Raises:
        ValueError: If the name has another ending.
        OSError: If the file cannot be written.
    """
    suffix = Path(path).suffix.lower()
    formats = {
        ".png": {"format": "PNG"},
        # Without subsampling: maps have sharp edges between colours.
        ".jpg": {"format": "JPEG", "quality": JPEG_QUALITY, "subsampling": 0},
    }
    formats[".jpeg"] = formats[".jpg"]
    if suffix not in formats:
        raise ValueError(
            f"`path` must end in {', '.join(formats)}. Received: path={str(path)!r}"
        )
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, **formats[suffix])
    atomic_write(path, content.getvalue())


def draw_colour_bar(lower: float, upper: float, picture_format: str = "pdf") -> bytes:
    """Draws the colours from `lower` to `upper`, a fifth of an inch by two inches.

    Args:
        lower: The value of the first colour.
        upper: The value of the last one.
        picture_format: "pdf" or "png".

    Returns:
        The picture's file.

    Example:
        >>> draw_colour_bar(2.0, 7.5)[:4]
        b'%PDF'
    """
    figure = Figure(figsize=_BAR_INCHES)
    axes = figure.add_axes((0, 0, 1, 1))
    scale = matplotlib.cm.ScalarMappable(Normalize(lower, upper), COLOUR_MAP)
    Colorbar(axes, scale)
    axes.tick_params(labelsize=_LABEL_POINTS)
    content = io.BytesIO()
    # Cut around the labels, which stand beside the bar.
    figure.savefig(content, format=picture_format, bbox_inches="tight", dpi=150)
    return content.getvalue()
