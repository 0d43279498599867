"""Accuracy over FLOPs and over milliseconds, of the networks of docs/results.md."""

import io
from collections.abc import Callable, Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import PercentFormatter
from matplotlib.transforms import Bbox

from benchmarks.results_rows import Row

BATCH_SIZE = 128
"""Images of a call, of which the times are."""

_COLOURS = {
    "vanilla": "0.35",
    "act": "tab:green",
    "sact": "tab:red",
    "aig": "tab:purple",
    "dynconv": "tab:blue",
    "blockdrop": "tab:brown",
}
# Where a name may stand from its mark, in points, with its alignment: the first that is
# free, or the one that covers the fewest marks and names.
_PLACES = (
    ((-5, 5), "right", "bottom"),
    ((6, -5), "left", "top"),
    ((6, 5), "left", "bottom"),
    ((-5, -5), "right", "top"),
    ((0, 9), "center", "bottom"),
    ((0, -9), "center", "top"),
    ((6, -15), "left", "top"),
    ((-5, -15), "right", "top"),
)
_DOTS_PER_INCH = 130

# Budgets far from what a network was trained for lead to chance. So much below the
# least accurate row the picture ends.
_MARGIN = 0.08


def draw_curves(rows: Sequence[Row]) -> bytes:
    """Draws the table's networks: the plain ones as a line, the others beside it.

    A thin line is one network under several compute budgets. Of what was trained with
    three seeds or more, the mean is drawn, and the standard deviation as a bar.

    Args:
        rows: As `read_rows` gives them.

    Returns:
        A PNG file.
    """
    figure = Figure(figsize=(11, 5), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    _draw(left, rows, lambda row: row.mean("flops_mean") / 1e6, _sweep_flops)
    left.set_xlabel("MFLOPs of an image, mean (2 x multiply-accumulates)")
    left.set_ylabel("accuracy on CIFAR-10's test split")
    left.set_ylim(bottom=min(row.mean("accuracy") for row in rows) - _MARGIN)
    left.yaxis.set_major_formatter(PercentFormatter(1))
    timed = [row for row in rows if BATCH_SIZE in row.milliseconds]
    _draw(right, timed, lambda row: row.milliseconds[BATCH_SIZE], _sweep_time)
    right.set_xlabel(
        f"milliseconds of an image, in batches of {BATCH_SIZE}, compact, median"
    )
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    figure.draw_without_rendering()  # Now it is known where everything stands.
    for axis in (left, right):
        _place_names(axis)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=_DOTS_PER_INCH)
    return file.getvalue()


def _sweep_flops(point: Mapping[str, float]) -> float:
    return point["flops_mean"] / 1e6


def _sweep_time(point: Mapping[str, float]) -> float:
    return point.get("milliseconds", float("nan"))


def _draw(
    axis: Axes,
    rows: Sequence[Row],
    cost: Callable[[Row], float],
    sweep_cost: Callable[[Mapping[str, float]], float],
) -> None:
    static = sorted((row for row in rows if row.is_on_line), key=cost)
    axis.plot(
        [cost(row) for row in static],
        [row.mean("accuracy") for row in static],
        color=_COLOURS["vanilla"],
        label="plain ResNets",
    )
    labelled = {"vanilla"}
    for row in rows:
        colour, accuracy = _COLOURS[row.method], row.mean("accuracy")
        deviation = row.spread("accuracy")
        axis.errorbar(
            cost(row),
            accuracy,
            yerr=None if deviation is None else deviation[1],
            color=colour,
            marker="s" if row.is_on_line else "D" if row.is_static else "o",
            linestyle="",
            capsize=3,
            label=None if row.method in labelled else row.method,
        )
        labelled.add(row.method)
        axis.annotate(
            _name(row),
            (cost(row), accuracy),
            xytext=(0, 0),
            textcoords="offset points",
            fontsize="x-small",
            color=colour,
        )
        axis.plot(
            [sweep_cost(point) for point in row.sweep],
            [point["accuracy"] for point in row.sweep],
            color=colour,
            linewidth=0.8,
            marker=".",
            markersize=3,
        )
    axis.grid(alpha=0.3)
    axis.margins(x=0.2)  # For the names beside the marks.
    axis.set_xlim(left=0)


def _place_names(axis: Axes) -> None:
    # Of lines, only the points: a name may lie on a thin line.
    points = [
        point
        for line in axis.lines
        for point in axis.transData.transform(line.get_xydata())
    ]
    placed: list[Bbox] = []
    for name in axis.texts:
        boxes = [_put(name, *place) for place in _PLACES]
        hidden = [
            box.count_contains(points) + 3 * box.count_overlaps(placed) for box in boxes
        ]
        placed.append(_put(name, *_PLACES[hidden.index(min(hidden))]))


def _put(
    name: Text, offset: tuple[float, float], horizontal: str, vertical: str
) -> Bbox:
    """Moves a name, and returns what it covers then."""
    name.set(position=offset, ha=horizontal, va=vertical)
    return name.get_window_extent().padded(3)


def _name(row: Row) -> str:
    if not row.is_static:
        return row.knob
    return str(row.layers) if row.is_on_line else f"{row.layers} of {row.variant}"
