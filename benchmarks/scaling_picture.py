"""A picture of how trainings would scale."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullLocator

DOTS_PER_INCH = 120
DRAWN_METHOD = "vanilla"
"""Of each network one method is drawn: the others lie near it."""

_STYLES = {"own": "-", "synchronized": "--"}
_LIMIT = "0.45"


def draw_scaling(report: Mapping[str, Any]) -> bytes:
    """Draws efficiency over the number of replicas, for a growing and a fixed batch.

    A colour is a network: of `DRAWN_METHOD`, or of whatever methods there are if it is
    not among them. Dashed lines are with synchronized batch norms.

    Args:
        report: What `benchmarks.scaling` writes.

    Returns:
        A PNG file.
    """
    drawn = [n for n in report["networks"] if n["model_type"] == DRAWN_METHOD]
    drawn = drawn or report["networks"]
    figure = Figure(figsize=(10, 4.5), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    arguments = report["arguments"]
    _draw(left, drawn, "weak_efficiency")
    _draw(right, drawn, "strong_efficiency")
    left.set_title(
        f"the batch grows: {arguments['replica_batch_size']} images a replica"
    )
    right.set_title(f"the batch stays: {arguments['batch_size']:,} images together")
    left.set_ylabel("efficiency")
    left.set_ylim(0, 1.05)
    left.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{share:.0%}"))
    measured = all(network["step"]["measured"] for network in drawn)
    figure.suptitle(
        "Scaling on paper, from "
        f"{'measured' if measured else 'assumed'} times of a step on one replica"
    )
    figure.legend(handles=_legend(drawn), loc="outside lower center", ncols=3)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH)
    return buffer.getvalue()


def _draw(axis: Axes, networks: Sequence[Mapping[str, Any]], measure: str) -> None:
    for index, network in enumerate(networks):
        for norms, found in network["norms"].items():
            points = [
                (row["replicas"], row[measure])
                for row in found["curve"]
                if row[measure] is not None
            ]
            axis.plot(
                *zip(*points, strict=True),
                color=f"C{index}",
                linestyle=_STYLES[norms],
                marker="o",
                markersize=3,
                linewidth=1,
            )
    axis.axhline(0.5, color=_LIMIT, linestyle=":", linewidth=1)
    numbers = [row["replicas"] for row in networks[0]["norms"]["own"]["curve"]]
    axis.set_xscale("log", base=2)
    axis.set_xlim(min(numbers), max(numbers))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda number, _: f"{number:g}"))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set_xlabel("replicas")
    axis.grid(alpha=0.3)


def _legend(networks: Sequence[Mapping[str, Any]]) -> list[Line2D]:
    lines = [
        Line2D([], [], color=f"C{index}", label=network["name"].replace("`", ""))
        for index, network in enumerate(networks)
    ]
    labels = {"own": "norms' own moments", "synchronized": "synchronized norms"}
    return lines + [
        Line2D([], [], color="black", linestyle=_STYLES[norms], label=label)
        for norms, label in labels.items()
    ]
