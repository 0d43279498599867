"""A picture of one network under many budgets: accuracy over FLOPs and over time."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter

DOTS_PER_INCH = 120
AS_TRAINED = 1.0
"""The budget under which a network decides as it was trained to."""

_MARGIN = 1.12  # Room for a label on the right.
_APART = (0.08, 0.05)  # Of the axes' width and height, so that labels can be read.
_COLOUR, _MARKED, _DENSE = "tab:blue", "tab:orange", "0.45"


def draw_budget_curve(sweep: Mapping[str, Any]) -> bytes:
    """Draws accuracy over mean FLOPs, and over milliseconds, of an image.

    Points are labelled with their budgets, as far as there is room. A star is what was
    trained, and a dashed line what the network needs and takes without decisions. Bars
    are the times' quartiles.

    Args:
        sweep: "header": "model" (as `describe_run` says) and "batch_size"; "dense":
            "flops" and "milliseconds" of an image; "evaluated": "dataset" and "split";
            "budgets": at least one row with "compute_budget", "accuracy" (in [0, 1]),
            "flops_mean", "milliseconds" and its quartiles "milliseconds_lower" and
            "milliseconds_upper".

    Returns:
        A PNG file.
    """
    figure = Figure(figsize=(10, 4.5), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    rows, dense = sweep["budgets"], sweep["dense"]
    scale, unit = (1e9, "GFLOPs") if dense["flops"] >= 1e9 else (1e6, "MFLOPs")
    flops = [row["flops_mean"] / scale for row in rows]
    _draw_curve(left, flops, rows, dense["flops"] / scale)
    times = [row["milliseconds"] for row in rows]
    _draw_curve(right, times, rows, dense["milliseconds"], linewidth=0.4)
    right.errorbar(
        times,
        [row["accuracy"] for row in rows],
        xerr=[
            [row["milliseconds"] - row["milliseconds_lower"] for row in rows],
            [row["milliseconds_upper"] - row["milliseconds"] for row in rows],
        ],
        color=_COLOUR,
        linewidth=0,
        elinewidth=0.6,
        capsize=1.5,
    )
    left.set_xlabel(f"{unit} of an image, mean")
    left.set_ylabel("accuracy")
    left.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{share * 100:g}%"))
    batch_size = sweep["header"]["batch_size"]
    right.set_xlabel(f"milliseconds of an image, in batches of {batch_size}, median")
    figure.suptitle(_title(sweep))
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH)
    return buffer.getvalue()


def _draw_curve(
    axis: Axes,
    costs: Sequence[float],
    rows: Sequence[Mapping[str, Any]],
    dense: float,
    linewidth: float = 1.0,
) -> None:
    """Draws the budgets' accuracies over what they cost, and the dense cost."""
    accuracies = [row["accuracy"] for row in rows]
    style: dict[str, Any] = {"marker": "o", "markersize": 4, "linewidth": linewidth}
    axis.plot(costs, accuracies, color=_COLOUR, label="under a budget", **style)
    for cost, row in zip(costs, rows, strict=True):
        if row["compute_budget"] == AS_TRAINED:
            axis.plot(
                [cost],
                [row["accuracy"]],
                color=_MARKED,
                marker="*",
                markersize=14,
                linestyle="",
                label="as trained",
                zorder=3,
            )
    axis.axvline(dense, color=_DENSE, linestyle="--", linewidth=1, label="dense")
    axis.set_xlim(0, _MARGIN * max(dense, *costs))
    axis.margins(y=0.1)
    axis.grid(alpha=0.3)
    _label_budgets(axis, costs, rows)


def _label_budgets(
    axis: Axes, costs: Sequence[float], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Labels the points; where they crowd, only as many as can be read."""
    _, width = axis.get_xlim()
    bottom, top = axis.get_ylim()
    points = [
        (cost / width, (row["accuracy"] - bottom) / (top - bottom))
        for cost, row in zip(costs, rows, strict=True)
    ]
    # What was trained is labelled first, whatever is near.
    budgets = [row["compute_budget"] for row in rows]
    labelled: list[int] = []
    for index in sorted(range(len(rows)), key=lambda i: budgets[i] != AS_TRAINED):
        x, y = points[index]
        near = (points[other] for other in labelled)
        if any(abs(x - u) < _APART[0] and abs(y - v) < _APART[1] for u, v in near):
            continue
        labelled.append(index)
        axis.annotate(
            f"{budgets[index]:g}",
            (costs[index], rows[index]["accuracy"]),
            xytext=(5, -11),
            textcoords="offset points",
            fontsize="small",
            path_effects=[withStroke(linewidth=2, foreground="white")],
            zorder=4,
        )


def _title(sweep: Mapping[str, Any]) -> str:
    model, evaluated = sweep["header"]["model"], sweep["evaluated"]
    units = "_".join(str(number) for number in model["num_units"])
    return (
        f"{model['model_type']} {units} on {evaluated['dataset']}/"
        f"{evaluated['split']}: one model, many compute budgets"
    )
