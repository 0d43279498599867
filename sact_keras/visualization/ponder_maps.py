"""A page of images and their ponder maps, from cheap to dear."""

import io
import os
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from sact_keras.files.atomic_write import atomic_write
from sact_keras.visualization.flops_text import flops_text
from sact_keras.visualization.heatmap import relative_heat

COLUMNS = 4
PAIR_INCHES = (2.6, 1.6)  # Width and height of an image and its map, with caption.
COLOUR_BAR_INCHES = 0.9
GAP = 0.06  # Between an image and its map, in widths of the image.


def ponder_caption(flops: int, num_units: float) -> str:
    """Says what an image cost, for the line under its map.

    Args:
        flops: Floating point operations that the image needed.
        num_units: Units executed, averaged over the image's pixels.

    Returns:
        FLOPs in millions, or in thousands of millions (G) from there on, and units.

    Example:
        >>> from sact_keras.visualization import ponder_caption
        >>> ponder_caption(82_393_168, 9.32)
        '82.4 MFLOPs, 9.3 units'
    """
    return f"{flops_text(flops)}, {num_units:.1f} units"


def save_ponder_map_grid(
    path: str | os.PathLike[str],
    images_uint8: Sequence[np.ndarray] | np.ndarray,
    ponder_maps: Sequence[np.ndarray] | np.ndarray,
    captions: Sequence[str],
    maximum: float,
    *,
    label: str = "ponder cost",
) -> None:
    """Writes a PNG of images, each beside its ponder map, with a colour bar.

    The images are sorted by the mean of their maps, the cheapest first, in rows
    from left to right. All maps share one scale, from 0 to `maximum`.

    Args:
        path: The picture's file. It appears whole or not at all; its directory
            must exist.
        images_uint8: `[batch, height, width, 3]`, uint8, or a sequence of images
            of unequal sizes.
        ponder_maps: For each image `[height, width]`, in [0, `maximum`].
        captions: A line for each image: see `ponder_caption`.
        maximum: The upper end of the colour bar: see `maximum_ponder_cost`.
        label: The colour bar's title.

    Raises:
        ValueError: If there is no image, the numbers of images, maps and captions
            differ, or one of them has another shape, type or range.
        OSError: If the file cannot be written.

    Example:
        >>> import numpy as np
        >>> from sact_keras.visualization import save_ponder_map_grid
        >>> images = np.zeros((2, 32, 32, 3), np.uint8)
        >>> maps = [np.full((32, 32), 18.0), np.full((32, 32), 6.0)]
        >>> save_ponder_map_grid("grid.png", images, maps, ["dear", "cheap"], 18)
    """
    if not len(images_uint8) == len(ponder_maps) == len(captions) > 0:
        raise ValueError(
            "`images_uint8`, `ponder_maps` and `captions` must be equally many, and "
            f"at least one. Received: {len(images_uint8)} images, "
            f"{len(ponder_maps)} maps and {len(captions)} captions"
        )
    for index, (image, ponder_map) in enumerate(
        zip(images_uint8, ponder_maps, strict=True)
    ):
        _check_pair(index, np.asarray(image), np.asarray(ponder_map), maximum)

    order = sorted(range(len(captions)), key=lambda i: float(np.mean(ponder_maps[i])))
    columns = min(COLUMNS, len(order))
    rows = -(-len(order) // columns)
    width, height = PAIR_INCHES
    figure = Figure(
        figsize=(columns * width + COLOUR_BAR_INCHES, rows * height),
        layout="constrained",
    )
    axes = figure.subplots(rows, columns, squeeze=False)
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, index in zip(axes.flat, order, strict=False):
        axis.set_title(captions[index], fontsize="small")
        drawn_map = _draw_pair(axis, images_uint8[index], ponder_maps[index], maximum)
    figure.colorbar(drawn_map, ax=axes, label=label)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=150)
    atomic_write(path, picture.getvalue())


def _check_pair(
    index: int, image: np.ndarray, ponder_map: np.ndarray, maximum: float
) -> None:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[-1] != 3:
        raise ValueError(
            "`images_uint8` must hold uint8 images of shape [height, width, 3]. "
            f"Received: image {index} of type {image.dtype}, shape {image.shape}"
        )
    try:
        heat = relative_heat(ponder_map, maximum)
    except ValueError as error:
        error.add_note(f"In map {index} of `ponder_maps`.")
        raise
    if heat.shape != image.shape[:2]:
        raise ValueError(
            f"`ponder_maps` must have the images' sizes, here {image.shape[:2]}. "
            f"Received: map {index} of shape {heat.shape}"
        )


def _draw_pair(
    axis: Axes, image: np.ndarray, ponder_map: np.ndarray, maximum: float
) -> AxesImage:
    height, width, _ = image.shape
    left = width * (1 + GAP)
    axis.imshow(image, extent=(0, width, height, 0))
    drawn_map = axis.imshow(
        ponder_map, extent=(left, left + width, height, 0), vmin=0, vmax=maximum
    )
    axis.set_xlim(0, left + width)  # `imshow` leaves the limits at its own extent.
    return drawn_map
