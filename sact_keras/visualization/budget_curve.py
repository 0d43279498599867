"""A picture of one network under many budgets: accuracy over FLOPs and over time."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

DOTS_PER_INCH = 120
AS_TRAINED = 1.0
"""The budget under which a network decides as it was trained to."""

_COLOUR, _MARKED, _DENSE = "tab:blue", "tab:orange", "0.45"


def draw_budget_curve(sweep: Mapping[str, Any]) -> bytes:
    """Draws accuracy over mean FLOPs, and over milliseconds, of an image.

    A point is labelled with its budget, a star is what was trained, and a dashed line
    what the network needs and takes without decisions. Bars are the times' quartiles.

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
    _draw_curve(right, times, rows, dense["milliseconds"])
    right.errorbar(
        times,
        [row["accuracy"] for row in rows],
        xerr=[
            [row["milliseconds"] - row["milliseconds_lower"] for row in rows],
            [row["milliseconds_upper"] - row["milliseconds"] for row in rows],
        ],
        color=_COLOUR,
        linewidth=0,
        elinewidth=0.8,
        capsize=2,
    )
    left.set_xlabel(f"{unit} of an image, mean")
    left.set_ylabel("accuracy")
    left.yaxis.set_major_formatter(PercentFormatter(xmax=1))
    left.legend(loc="lower right")
    batch_size = sweep["header"]["batch_size"]
    right.set_xlabel(f"milliseconds of an image, in batches of {batch_size}, median")
    figure.suptitle(_title(sweep))
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH)
    return buffer.getvalue()


def _draw_curve(
    axis: Axes, costs: Sequence[float], rows: Sequence[Mapping], dense: float
) -> None:
    """Draws the budgets' accuracies over what they cost, and the dense cost."""
    accuracies = [row["accuracy"] for row in rows]
    axis.plot(costs, accuracies, color=_COLOUR, marker="o", markersize=4, linewidth=1)
    for cost, row in zip(costs, rows, strict=True):
        trained = row["compute_budget"] == AS_TRAINED
        if trained:
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
        axis.annotate(
            f"{row['compute_budget']:g}",
            (cost, row["accuracy"]),
            xytext=(5, -11),
            textcoords="offset points",
            fontsize="small",
        )
    axis.axvline(dense, color=_DENSE, linestyle="--", linewidth=1, label="dense")
    axis.set_xlim(left=0)
    axis.grid(alpha=0.3)


def _title(sweep: Mapping[str, Any]) -> str:
    model, evaluated = sweep["header"]["model"], sweep["evaluated"]
    units = "_".join(str(number) for number in model["num_units"])
    return (
        f"{model['model_type']} {units} on {evaluated['dataset']}/"
        f"{evaluated['split']}: one model, many compute budgets"
    )
