"""The distribution of cost, drawn in a page."""

import itertools
from collections.abc import Sequence
from html import escape

import numpy as np

MOST_BARS = 40
HEIGHT = 100  # Of the highest bar; the page stretches the drawing.
GAP = 0.1  # Between two bars, in widths of a bar.


def draw_histogram(costs: Sequence[float], quantity: str) -> str:
    """Draws how many images cost how much.

    Args:
        costs: One or more.
        quantity: What they are: the axis's title.

    Returns:
        HTML: an SVG drawing whose bars say what they count, an axis, and the same
        numbers as a table.

    Example:
        >>> draw_histogram([1.0, 1.0, 4.0], "ponder cost").count("<rect")
        2
    """
    edges, names = _bars(np.asarray(costs, np.float64))
    counts, _ = np.histogram(costs, edges)
    bars, tallest = len(counts), counts.max()
    texts = [
        f"{name}: {_images(count)}" for name, count in zip(names, counts, strict=True)
    ]
    rectangles = [
        # The whole column answers to the pointer, not the bar alone.
        f'<g data-text="{text}"><path class="column" d="M{index} 0h1v{HEIGHT}h-1z"/>'
        f'<rect x="{index + GAP / 2:.2f}" width="{1 - GAP}" '
        f'y="{HEIGHT * (1 - count / tallest):.2f}" '
        f'height="{HEIGHT * count / tallest:.2f}"/></g>'
        for index, (count, text) in enumerate(zip(counts, texts, strict=True))
        if count
    ]
    rows = "".join(
        f"<tr><td>{name}<td>{count:,}"
        for name, count in zip(names, counts, strict=True)
    )
    summary = (
        f"{quantity} of {_images(len(costs))}: from {min(costs):.2f} to "
        f"{max(costs):.2f}, median {np.median(costs):.2f}"
    )
    return f"""
<figure class="histogram">
<p class="axis"><span>{_images(tallest)}</span></p>
<svg viewBox="0 0 {bars} {HEIGHT}" preserveAspectRatio="none" role="img"
 aria-label="{escape(summary)}">{"".join(rectangles)}</svg>
<p class="axis"><span>{min(costs):.2f}</span><span>{escape(quantity)}</span>\
<span>{max(costs):.2f}</span></p>
<figcaption><output id="bar">{escape(summary)}</output></figcaption>
</figure>
<details class="numbers"><summary>The same as a table</summary>
<div class="scrolls" tabindex="0" role="region" aria-label="Table of the distribution">
<table><thead><tr><th scope="col">{escape(quantity)}<th scope="col">images</thead>
<tbody>{rows}</tbody></table></div></details>"""


def _bars(costs: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """The edges of bars, and what to call each."""
    low, high = costs.min(), costs.max()
    if (costs == costs.round()).all() and high - low < MOST_BARS:
        # Decisions for whole images cost whole units: a bar for each number.
        numbers = np.arange(low, high + 1)
        return np.append(numbers, high + 1) - 0.5, [f"{number:g}" for number in numbers]
    if low == high:
        return np.array([low - 0.5, low + 0.5]), [f"{low:.2f}"]
    bars = int(np.clip(np.sqrt(len(costs)) + 1, 1, MOST_BARS))
    edges = np.histogram_bin_edges(costs, bars)
    pairs = itertools.pairwise(edges)
    return edges, [f"{left:.2f} to {right:.2f}" for left, right in pairs]


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count:,} images"
