"""A strip of a network's residual units: which of them an image ran."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageColor, ImageDraw, ImageFont

from sact_keras.visualization.policy_blocks import DROPPED, SEGMENT_COLOURS

# In pixels.
UNIT_WIDTH, UNIT_HEIGHT = 24, 48
UNIT_GAP, BLOCK_GAP = 3, 15
MARGIN = 12
FONT_SIZE = 13
LABEL_HEIGHT = 20


def draw_unit_strip(executed: Sequence[float], num_units: Sequence[int]) -> np.ndarray:
    """Draws a box for each unit, filled from below by how much of it ran.

    Where whole images are decided about, a box is full or empty; where positions are,
    it is filled to the share of them at which the unit ran. Blocks differ in colour.

    Args:
        executed: The share of positions at which each unit ran, in [0, 1], [units].
        num_units: Units of each block.

    Returns:
        A picture, uint8 [height, width, 3].

    Raises:
        ValueError: If there are not as many shares as units, or one is out of range.

    Example:
        >>> draw_unit_strip([1.0, 0.0, 1.0], num_units=(1, 2)).shape
        (92, 114, 3)
    """
    executed = np.asarray(executed, dtype=np.float64)
    # Written so that NaN fails it too.
    if (
        executed.shape != (sum(num_units),)
        or not ((executed >= 0) & (executed <= 1)).all()
    ):
        raise ValueError(
            f"`executed` must be {sum(num_units)} numbers in [0, 1], one a unit. "
            f"Received: {executed.tolist()}"
        )
    blocks = np.repeat(np.arange(len(num_units)), num_units)
    left = (
        MARGIN
        + np.arange(len(blocks)) * (UNIT_WIDTH + UNIT_GAP)
        + blocks * (BLOCK_GAP - UNIT_GAP)
    )
    size = (
        int(left[-1]) + UNIT_WIDTH + MARGIN,
        MARGIN + UNIT_HEIGHT + LABEL_HEIGHT + MARGIN,
    )
    strip = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(strip)
    font = ImageFont.load_default(FONT_SIZE)
    bottom = MARGIN + UNIT_HEIGHT
    for x, block, share in zip(left.tolist(), blocks.tolist(), executed, strict=True):
        right = x + UNIT_WIDTH - 1
        draw.rectangle((x, MARGIN, right, bottom - 1), fill=DROPPED)
        filled = round(share * UNIT_HEIGHT)
        if filled:
            colour = ImageColor.getrgb(SEGMENT_COLOURS[block % len(SEGMENT_COLOURS)])
            draw.rectangle((x, bottom - filled, right, bottom - 1), fill=colour)
    for block, first in enumerate(np.cumsum([0, *num_units[:-1]])):
        middle = (left[first] + left[first + num_units[block] - 1] + UNIT_WIDTH) / 2
        draw.text(
            (middle, bottom + 4), str(block + 1), fill="#404040", font=font, anchor="ma"
        )
    return np.asarray(strip)
