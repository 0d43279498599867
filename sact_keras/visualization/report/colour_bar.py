"""The colours of maps, with numbers."""

from html import escape

import numpy as np

from sact_keras.visualization.report.pictures import COLOURS, map_url


def define_colours() -> str:
    """Puts the colours into a page, once, for all its colour bars.

    Returns:
        HTML, of which nothing is seen.

    Example:
        >>> 'id="colours"' in define_colours()
        True
    """
    url = map_url(np.linspace(0, 1, COLOURS)[np.newaxis], 0, 1)
    return (
        '<svg class="defined" aria-hidden="true"><image id="colours" '
        f'width="{COLOURS}" height="1" preserveAspectRatio="none" href="{url}"/></svg>'
    )


def draw_colour_bar(low: float, high: float, title: str = "") -> str:
    """Draws the colours from left to right, and the values at ends and middle.

    Args:
        low: Value of the first colour.
        high: Value of the last colour.
        title: What the values are, where that is not clear from what is around.

    Returns:
        HTML, for a page in which the colours are defined.

    Example:
        >>> html = draw_colour_bar(0, 6)
        >>> "<span>3</span>" in html
        True
    """
    ends = f"from {low:.3g} in dark violet to {high:.3g} in yellow"
    what = f"<span>{escape(title)}</span>" if title else ""
    return f"""
<div class="colours">{what}
<svg viewBox="0 0 {COLOURS} 1" preserveAspectRatio="none" role="img"
 aria-label="colours {ends}"><use href="#colours"/></svg>
<p class="axis"><span>{low:.3g}</span><span>{(low + high) / 2:.3g}</span>\
<span>{high:.3g}</span></p>
</div>"""
