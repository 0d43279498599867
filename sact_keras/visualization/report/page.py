"""The page around the images of a report."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from html import escape
from importlib import resources
from string import Template

import numpy as np

from sact_keras.visualization.flops_text import flops_text
from sact_keras.visualization.report.chosen_entries import describe_choice
from sact_keras.visualization.report.colour_bar import define_colours, draw_colour_bar
from sact_keras.visualization.report.histogram import draw_histogram
from sact_keras.visualization.report.report_statistics import ReportStatistics
from sact_keras.visualization.report.reported_network import ReportedNetwork
from sact_keras.visualization.report.strip import draw_strip

SLIDER = """<label>Overlay
<input id="strength" type="range" min="0" max="100" value="60" autocomplete="off">
<output id="strength-value" for="strength">60 %</output></label>"""


def draw_page(
    title: str,
    description: Mapping[str, str],
    network: ReportedNetwork,
    statistics: ReportStatistics,
    cheapest: Sequence[str],
    dearest: Sequence[str],
    shown: int,
) -> tuple[str, str]:
    """Fills the page, all but its images.

    The page carries its style and script, and forbids the browser to load anything
    else, or to run another script.

    Args:
        title: Heading.
        description: What the network is, as name -> text.
        network: Its blocks and the scale of its maps.
        statistics: Of all images.
        cheapest: HTML of the cheapest images; may be empty.
        dearest: HTML of the dearest images; may be empty.
        shown: Images that will stand in the page.

    Returns:
        The page up to its images, and from there on.
    """
    style, script = _part("page.css"), _part("page.js")
    policy = (
        f"default-src 'none'; img-src data:; style-src {_hash(style)}; "
        f"script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    )
    spatial = statistics.spatial
    scale = (
        f"{network.quantity} a pixel, summed over blocks (at most {network.maximum})"
    )
    units_heading = "Share of images in which each unit ran"
    if spatial:
        units_heading = "Share of positions at which each unit ran"
    before, after = _part("page.html").split("$cards")
    fields = {
        "title": escape(title),
        "policy": escape(policy),
        "style": style,
        "script": script,
        "colours": define_colours(),
        "description": _definitions(description),
        "figures": _definitions(_figures(statistics, network)),
        "histogram": draw_histogram(statistics.costs, network.quantity),
        "units_heading": units_heading,
        "units": draw_strip(
            statistics.executed_units, network.block_names, network.num_units
        ),
        "featured": _featured("Easiest", cheapest) + _featured("Hardest", dearest),
        "choice": escape(describe_choice(shown, len(statistics.costs))),
        "shown": str(shown),
        "hint": "name, class or “wrong”" if statistics.num_judged else "name",
        "slider": SLIDER if spatial else "",
        "scale": draw_colour_bar(network.low, network.high, scale) if spatial else "",
        "kind": "maps" if spatial else "units",
    }
    return Template(before).substitute(fields), Template(after).substitute(fields)


def _part(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _definitions(texts: Mapping[str, str]) -> str:
    return "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(str(text))}</dd></div>"
        for name, text in texts.items()
    )


def _figures(statistics: ReportStatistics, network: ReportedNetwork) -> dict[str, str]:
    flops, costs = statistics.flops, statistics.costs
    figures = {
        "images": f"{len(flops):,}",
        "FLOPs, mean": flops_text(np.mean(flops)),
        "FLOPs, std": flops_text(np.std(flops)),
        f"{network.quantity}, mean": f"{np.mean(costs):.2f}",
        f"{network.quantity}, std": f"{np.std(costs):.2f}",
    }
    if network.quantity != "executed units":
        units = np.mean(statistics.num_units)
        figures["executed units, mean"] = f"{units:.2f} of {sum(network.num_units)}"
    if statistics.dense_shares:
        figures["of the dense network's FLOPs"] = (
            f"{np.mean(statistics.dense_shares):.1%}"
        )
    if statistics.num_judged:
        right = statistics.num_judged - statistics.num_wrong
        figures["accuracy"] = f"{right / statistics.num_judged:.1%}"
    return figures


def _featured(title: str, items: Sequence[str]) -> str:
    if not items:
        return ""
    return (
        f'<section aria-labelledby="{title}"><h2 id="{title}">{title}</h2>'
        f'<ol class="featured">{"".join(items)}</ol></section>'
    )
