"""Which units of a network ran, as a row of cells for each block."""

from collections.abc import Sequence
from html import escape

import numpy as np

CELL_WIDTH, CELL_HEIGHT, GAP = 10, 16, 2


def draw_strip(
    executed_units: np.ndarray, block_names: Sequence[str], num_units: Sequence[int]
) -> str:
    """Draws the units of each block, filled as far as they ran.

    Args:
        executed_units: `[units]`, in [0, 1]: the share of positions, or of images, at
            which each unit ran.
        block_names: Of the blocks, in order.
        num_units: Units of each block, `sum(num_units)` being the number of units.

    Returns:
        HTML: a list with a drawing and a line of text for each block.

    Example:
        >>> html = draw_strip(np.array([1.0, 0.5, 0.0]), ["block_1"], [3])
        >>> "1.5 of 3" in html
        True
    """
    blocks = np.split(executed_units, np.cumsum(num_units)[:-1])
    rows = [
        _draw_row(name, shares)
        for name, shares in zip(block_names, blocks, strict=True)
    ]
    return f'<ul class="strip">{"".join(rows)}</ul>'


def _draw_row(name: str, shares: np.ndarray) -> str:
    lefts = np.arange(len(shares)) * (CELL_WIDTH + GAP)
    width = len(shares) * (CELL_WIDTH + GAP) - GAP
    cells = "".join(
        f"M{left} 0h{CELL_WIDTH}v{CELL_HEIGHT}h-{CELL_WIDTH}z" for left in lefts
    )
    # From the cell's bottom upwards, as far as the unit ran.
    filled = "".join(
        f"M{left} {CELL_HEIGHT}h{CELL_WIDTH}v-{height:g}h-{CELL_WIDTH}z"
        for left, height in zip(lefts, (CELL_HEIGHT * shares).round(1), strict=True)
        if height
    )
    ran = f"{shares.sum():.1f}".removesuffix(".0")
    which = ", ".join(
        f"unit {number + 1}" + ("" if share == 1 else f" at {share:.0%}")
        for number, share in enumerate(shares)
        if share
    )
    return (
        f'<li><span class="block">{escape(name)}</span>'
        f'<span class="count">{ran} of {len(shares)}</span>'
        f'<svg viewBox="0 0 {width} {CELL_HEIGHT}" width="{width}" '
        f'height="{CELL_HEIGHT}" role="img" aria-label="ran: {which or "no unit"}">'
        f'<path class="unit" d="{cells}"/><path class="ran" d="{filled}"/></svg></li>'
    )
