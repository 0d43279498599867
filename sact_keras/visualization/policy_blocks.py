"""The columns of a picture in which the blocks of policies stand."""

from collections.abc import Sequence

import numpy as np
from matplotlib.ticker import PercentFormatter

from sact_keras.visualization.policy_page import PolicyPage

SEGMENT_COLOURS = ("#2f6fb0", "#e07b39", "#3f9b6c", "#8e5aa8")
DROPPED = "#e6e6e6"

# In inches.
STRIP_WIDTH = 4.8  # Of all blocks together, where that makes them
BLOCK_WIDTHS = (0.1, 0.6)  # no narrower and no wider than this.
SEGMENT_GAP = 0.12

FILLED = 0.86  # Of a block's width; the rest parts it from the next.
MOST_NUMBERED = 6  # Blocks of a segment, if each is to be numbered.


class PolicyBlocks:
    """A column for each block, in groups by segment.

    Args:
        num_units: Blocks of each segment.
        left: Where the columns begin, in inches.

    Attributes:
        left: Where each column begins, in inches.

    Example:
        >>> blocks = PolicyBlocks((1, 2), left=1.0)
        >>> blocks.left.round(2).tolist()
        [1.0, 1.72, 2.32]
    """

    def __init__(self, num_units: Sequence[int], left: float) -> None:
        self.num_units = tuple(num_units)
        segments = np.repeat(np.arange(len(self.num_units)), self.num_units)
        width = float(np.clip(STRIP_WIDTH / len(segments), *BLOCK_WIDTHS))
        self.left = left + np.arange(len(segments)) * width + segments * SEGMENT_GAP
        self._width = FILLED * width
        self._colours = np.take(SEGMENT_COLOURS, segments, mode="wrap")

    @property
    def right(self) -> float:
        """Where the last column ends, in inches."""
        return float(self.left[-1] + self._width)

    def draw_policy(
        self, page: PolicyPage, policy: np.ndarray, height: float, *, below: float
    ) -> None:
        """Draws a row of blocks: in colour those that run, grey the others.

        Args:
            page: Where to.
            policy: Whether each block runs, [units].
            height: Of the blocks.
            below: How far below the page's top.
        """
        colours = np.where(policy, self._colours, DROPPED)
        page.blocks(self.left, (self._width, height), colours, below=below)

    def draw_usage(self, page: PolicyPage, usage: np.ndarray, height: float) -> None:
        """Draws a bar for each block, in its column, and names the segments.

        Args:
            page: Where to.
            usage: The share of the images that runs each block, [units].
            height: Of a bar for all images.
        """
        axes = page.chart(self.left[0], (self.right - self.left[0], height))
        centres = self.left - self.left[0] + self._width / 2
        axes.bar(centres, usage, self._width, color=self._colours)
        axes.set(xlim=(0, self.right - self.left[0]), ylim=(0, 1))
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.set_ylabel("of the images", fontsize="small")
        numbers = [n + 1 for size in self.num_units for n in range(size)]
        sizes = np.repeat(self.num_units, self.num_units)
        named = [
            size <= MOST_NUMBERED or number == 1 or number % 5 == 0
            for number, size in zip(numbers, sizes, strict=True)
        ]
        axes.set_xticks(centres[named], np.array(numbers)[named])
        axes.tick_params(axis="x", length=0)
        begins = np.cumsum([0, *self.num_units[:-1]])
        for index, (begin, size) in enumerate(zip(begins, self.num_units, strict=True)):
            axes.annotate(
                f"segment {index + 1}",
                xy=(centres[begin : begin + size].mean(), 0),
                xycoords=("data", "axes fraction"),
                xytext=(0, -18),
                textcoords="offset points",
                color=self._colours[begin],
                fontsize="small",
                ha="center",
                va="top",
            )
