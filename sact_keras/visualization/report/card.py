"""An image of a report: what the page shows of it, and what a click opens."""

from html import escape

import numpy as np

from sact_keras.visualization.flops_text import flops_text
from sact_keras.visualization.report.colour_bar import draw_colour_bar
from sact_keras.visualization.report.pictures import image_url, map_url
from sact_keras.visualization.report.report_entry import ReportEntry
from sact_keras.visualization.report.reported_network import ReportedNetwork
from sact_keras.visualization.report.strip import draw_strip

PIXEL_ART = 96  # Long side in pixels up to which an image's pixels are not smoothed.


class Card:
    """The HTML of an image.

    Each picture stands in the page once. Wherever it is seen again, as part of an
    overlay or enlarged, it is referred to by its id.

    Args:
        entry: The image.
        number: Of the image among all: makes its ids.
        network: What it was run on.

    Example:
        >>> entry = ReportEntry(
        ...     name="<cat>",
        ...     image=np.zeros((2, 2, 3), np.uint8),
        ...     ponder_cost_map=np.ones((2, 2)),
        ...     cost=1.0,
        ...     flops=80_000_000,
        ...     num_units=1.0,
        ...     executed_units=np.array([1.0]),
        ... )
        >>> network = ReportedNetwork(["block_1"], [1], "executed units", 0.0, 1.0)
        >>> card = Card(entry, 7, network)
        >>> "&lt;cat&gt;" in card.whole(), "entry-7" in card.featured()
        (True, True)
    """

    def __init__(
        self, entry: ReportEntry, number: int, network: ReportedNetwork
    ) -> None:
        self._entry = entry
        self._number = number
        self._network = network
        self._name = escape(entry.name)
        height, width, _ = entry.image.shape
        self._box = f'width="{width}" height="{height}"'
        pixels = " pixels" if max(height, width) <= PIXEL_ART else ""
        self._open = f'<svg class="picture{pixels}" viewBox="0 0 {width} {height}"'
        self._cost = f"{network.quantity} {entry.cost:.2f}"

    def whole(self) -> str:
        """The image's place in the page's grid."""
        entry = self._entry
        texts = [entry.name, entry.label or "", entry.prediction or ""]
        words = " ".join([*texts, "wrong" if entry.is_wrong else ""])
        kind = "maps" if entry.spatial else "units"
        return f"""
<article class="entry {kind}" id="entry-{self._number}" data-cost="{entry.cost:.6g}"
 data-flops="{entry.flops:.12g}" data-name="{self._name}" data-words="{escape(words)}">
<h3><button type="button" class="open" aria-haspopup="dialog"><bdi>{self._name}</bdi>\
</button></h3>
<div class="pictures">{self._pictures()}</div>
<p class="facts">{self._cost}{self._units()} · {flops_text(entry.flops)}</p>
{self._classes()}
<template>{self._details()}</template>
</article>"""

    def featured(self) -> str:
        """The image among the cheapest or the dearest."""
        picture = self._overlay() if self._entry.spatial else self._image()
        return f"""
<li><button type="button" data-opens="entry-{self._number}" aria-haspopup="dialog">
{picture}<bdi>{self._name}</bdi><span>{self._cost}</span></button></li>"""

    def _pictures(self) -> str:
        """The pictures themselves; all others refer to them."""
        entry, network = self._entry, self._network
        image = (
            f'{self._open} role="img" aria-label="{self._name}">'
            f'<image id="image-{self._number}" {self._box} '
            f'href="{image_url(entry.image)}"/></svg>'
        )
        if not entry.spatial:
            return image + draw_strip(
                entry.executed_units, network.block_names, network.num_units
            )
        url = map_url(entry.ponder_cost_map, network.low, network.high)
        ponder_map = (
            f'{self._open} role="img" aria-label="{self._map_label()}">'
            f'<image id="map-{self._number}" class="map" {self._box} '
            f'preserveAspectRatio="none" href="{url}"/></svg>'
        )
        return image + ponder_map + self._overlay()

    def _image(self) -> str:
        return (
            f'{self._open} role="img" aria-label="{self._name}">'
            f'<use href="#image-{self._number}"/></svg>'
        )

    def _overlay(self) -> str:
        return (
            f'{self._open} role="img" aria-label="{self._name} under its map">'
            f'<use href="#image-{self._number}"/>'
            f'<use class="heat" href="#map-{self._number}"/></svg>'
        )

    def _map_label(self) -> str:
        values = self._entry.ponder_cost_map
        return (
            f"map of {self._network.quantity}, {values.min():.1f} to "
            f"{values.max():.1f} a pixel"
        )

    def _units(self) -> str:
        network = self._network
        if network.quantity == "executed units":
            return ""  # The cost says it.
        return f" · {self._entry.num_units:.1f} of {sum(network.num_units)} units"

    def _classes(self) -> str:
        entry = self._entry
        if entry.prediction is None and entry.label is None:
            return ""
        if entry.prediction is None:
            return f'<p class="class">is <bdi>{escape(entry.label)}</bdi></p>'
        prediction = f"<bdi>{escape(entry.prediction)}</bdi>"
        if entry.label is None:
            return f'<p class="class">taken for {prediction}</p>'
        if not entry.is_wrong:
            return f'<p class="class right">✓ {prediction}</p>'
        return (
            f'<p class="class wrong">✗ wrong: taken for {prediction}, '
            f"is <bdi>{escape(entry.label)}</bdi></p>"
        )

    def _details(self) -> str:
        """What a click opens: larger pictures, a map for each block, its units."""
        entry, network = self._entry, self._network
        pictures, scale = [self._image()], ""
        if entry.spatial:
            title = f"{network.quantity} a pixel, summed over blocks"
            scale = draw_colour_bar(network.low, network.high, title)
            pictures += [
                f'{self._open} role="img" aria-label="{self._map_label()}">'
                f'<use href="#map-{self._number}"/></svg>',
                self._overlay(),
            ]
        share = ""
        if entry.dense_flops:
            share = f" ({entry.flops / entry.dense_flops:.1%} of dense)"
        blocks = "".join(
            self._block_map(name, entry.block_maps[name])
            for name in network.block_names
            if entry.spatial and name in entry.block_maps
        )
        if blocks:
            blocks = (
                f'<h3>{network.quantity} of each block</h3><div class="blocks">'
                f"{blocks}</div>"
            )
        heading = "Share of positions at which each unit ran"
        if not entry.spatial:
            heading = "Units that ran"
        strip = draw_strip(entry.executed_units, network.block_names, network.num_units)
        return f"""
<div class="pictures">{"".join(pictures)}</div>
{scale}
<p class="facts">{self._cost} of at most {network.maximum}{self._units()} · \
{flops_text(entry.flops)}{share}</p>
{self._classes()}
{blocks}
<h3>{heading}</h3>
{strip}"""

    def _block_map(self, name: str, values: np.ndarray) -> str:
        maximum = self._network.block_maximum(name)
        height, width = values.shape
        image_height, image_width, _ = self._entry.image.shape
        url = map_url(values, 0, maximum)
        facts = f"{values.min():.1f} to {values.max():.1f}, mean {values.mean():.2f}"
        return f"""
<figure><svg class="picture" viewBox="0 0 {image_width} {image_height}" role="img"
 aria-label="map of {escape(name)}: {facts}">
<image class="map" {self._box} preserveAspectRatio="none" href="{url}"/></svg>
<figcaption><b>{escape(name)}</b> {facts} \
<span>({width} x {height} positions)</span></figcaption>
{draw_colour_bar(0, maximum)}</figure>"""
