"""A picture of the benchmark: how much of the ideal speed-up is realised."""

import io
from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

DOTS_PER_INCH = 150
_MARKERS = "os^Dv*P"

_SPEEDUPS = ("ideal_speedup", "realised_speedup")
_TICKS = (0.125, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 32, 64)
_LEAST_SPAN = 1.5  # The axes go from 1 / 1.5 to 1.5 at least.
_MARGIN = 1.15


def draw_speedups(report: Mapping[str, Any]) -> bytes:
    """Draws the realised speed-up of each case over its ideal one.

    On the diagonal all that masks save is saved in time. A line joins the cases of a
    batch size, a point is labelled with its rate, or "own" where the network decided.
    Bars are what the quartiles of compact's times make of the speed-up.

    Args:
        report: What `sact_keras.benchmark` returns, with at least one case.

    Returns:
        A PNG file.
    """
    figure = Figure(figsize=(5.4, 5.5), layout="constrained")
    axis = figure.subplots()
    cases = report["cases"]
    sizes = list(dict.fromkeys(case["batch_size"] for case in cases))
    for index, batch_size in enumerate(sizes):
        _draw_batch_size(
            axis,
            [case for case in cases if case["batch_size"] == batch_size],
            colour=f"C{index}",
            marker=_MARKERS[index % len(_MARKERS)],
        )
    _draw_diagonal(axis, cases)
    model = report["header"]["model"]
    height, width = report["header"]["image_size"]
    units = "_".join(str(number) for number in model["num_units"])
    labelled = "" if cases[0]["force_rate"] is None else ", at forced rates"
    axis.set_title(f"{model['model_type']} {units}, {height}x{width}{labelled}")
    axis.set_xlabel("ideal speed-up (dense / needed FLOPs)")
    axis.set_ylabel("realised speed-up (dense / compact time)")
    axis.legend()
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=DOTS_PER_INCH)
    return picture.getvalue()


def _draw_batch_size(
    axis: Axes, cases: list[Mapping[str, Any]], colour: str, marker: str
) -> None:
    cases = sorted(cases, key=lambda case: case["ideal_speedup"])
    realised = [case["realised_speedup"] for case in cases]
    bars = ([], [])
    for case in cases:
        dense = case["executors"]["dense"]["milliseconds"]
        compact = case["executors"]["compact"]
        bars[0].append(case["realised_speedup"] - dense / compact["upper_quartile"])
        bars[1].append(dense / compact["lower_quartile"] - case["realised_speedup"])
    axis.errorbar(
        [case["ideal_speedup"] for case in cases],
        realised,
        yerr=bars,
        color=colour,
        marker=marker,
        markersize=5,
        linewidth=1,
        capsize=2,
        label=f"batch {cases[0]['batch_size']}",
    )
    for case in cases:
        rate = case["force_rate"]
        axis.annotate(
            "own" if rate is None else f"{rate:g}",
            (case["ideal_speedup"], case["realised_speedup"]),
            xytext=(5, -10),
            textcoords="offset points",
            color=colour,
            fontsize="small",
        )


def _draw_diagonal(axis: Axes, cases: list[Mapping[str, Any]]) -> None:
    """Scales both axes alike, by ratios, and draws where they are equal."""
    values = [case[name] for case in cases for name in _SPEEDUPS]
    low = min(*values, 1 / _LEAST_SPAN) / _MARGIN
    high = max(*values, _LEAST_SPAN) * _MARGIN
    axis.plot([low, high], [low, high], color="0.5", linestyle="--", label="ideal")
    axis.axhline(1, color="0.8", linewidth=0.8, zorder=0)
    axis.axvline(1, color="0.8", linewidth=0.8, zorder=0)
    axis.set_aspect("equal")
    axis.set_xscale("log", base=2)
    axis.set_yscale("log", base=2)
    axis.set_xlim(low, high)
    axis.set_ylim(low, high)
    ticks = [t for t in _TICKS if low <= t <= high]
    for scale in (axis.xaxis, axis.yaxis):
        scale.set_ticks(ticks)
        scale.set_minor_locator(NullLocator())
        scale.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        scale.set_minor_formatter(NullFormatter())
    axis.grid(alpha=0.3)
