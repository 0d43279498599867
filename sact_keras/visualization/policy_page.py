"""A page to draw on, measured in inches from its upper left corner."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

MARGIN = 0.3
DOTS_PER_INCH = 150


class PolicyPage:
    """Images, rows of blocks, texts and charts at places given in inches.

    What belongs in a column so stands in it exactly, whatever axes and labels are
    above, and images are all of one size. The page is as large as what is on it, texts
    aside, and a margin; it is drawn upon from the top down.

    Attributes:
        top: How far down it is drawn upon.

    Example:
        >>> page = PolicyPage()
        >>> page.blocks([0.3, 0.5], (0.15, 0.4), ["tab:blue", "0.9"])
        >>> page.top += 0.5
        >>> page.text(0.3, "one of two blocks runs")
        >>> page.png()[1:4]
        b'PNG'
    """

    def __init__(self) -> None:
        self.top = MARGIN
        self._right = 0.0
        self._charts: list[tuple[Axes, float, float, tuple[float, float]]] = []
        self._figure = Figure()
        self._sheet = self._figure.add_axes((0, 0, 1, 1))
        self._sheet.set_axis_off()

    def text(self, left: float, text: str, *, below: float = 0.0, **style: Any) -> None:
        """Writes from `left` and `below` the top on, unless aligned otherwise."""
        style = {"va": "top", "linespacing": 1.1, **style}
        self._sheet.text(left, self.top + below, text, **style)

    def image(
        self,
        left: float,
        size: tuple[float, float],
        image: np.ndarray,
    ) -> None:
        """Draws an image, uint8 [height, width, 3], in the size (width, height)."""
        right, bottom = left + size[0], self.top + size[1]
        self._sheet.imshow(image, extent=(left, right, bottom, self.top), aspect="auto")
        self._right = max(self._right, right)

    def blocks(
        self,
        left: Sequence[float],
        size: tuple[float, float],
        colours: Sequence[str],
        *,
        below: float = 0.0,
    ) -> None:
        """Fills a row of rectangles of the size (width, height)."""
        corners = [(x, self.top + below) for x in left]
        self._sheet.add_collection(
            PatchCollection(
                [Rectangle(corner, *size) for corner in corners],
                facecolors=list(colours),
                linewidths=0,
            )
        )
        self._right = max(self._right, left[-1] + size[0])

    def chart(self, left: float, size: tuple[float, float]) -> Axes:
        """Axes of the size (width, height); labels and ticks stand outside of it."""
        axes = self._figure.add_axes((0, 0, 1, 1), label=str(len(self._charts)))
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize="small")
        self._charts.append((axes, left, self.top, size))
        self._right = max(self._right, left + size[0])
        return axes

    def png(self) -> bytes:
        """The page as a PNG file."""
        width, height = self._right + MARGIN, self.top + MARGIN
        self._figure.set_size_inches(width, height)
        # Only now: each image has set the limits to its own.
        self._sheet.set(xlim=(0, width), ylim=(height, 0))
        for axes, left, top, size in self._charts:
            bottom = height - top - size[1]
            axes.set_position(
                (left / width, bottom / height, size[0] / width, size[1] / height)
            )
        picture = io.BytesIO()
        self._figure.savefig(picture, format="png", dpi=DOTS_PER_INCH)
        return picture.getvalue()
