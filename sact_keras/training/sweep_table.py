"""What a sweep has found as CSV, as JSON, and as a table for people."""

import csv
import io
import math
from collections.abc import Mapping
from typing import Any

from sact_keras.training.result_files import format_json

_COLUMNS = (
    "compute_budget",
    "num_examples",
    "accuracy",
    "flops_mean",
    "flops_std",
    "flops_share",
    "num_units",
    "ponder_cost",
    "milliseconds",
    "milliseconds_lower",
    "milliseconds_upper",
    "speedup",
)
"""The columns of the CSV, of which a row has all but, without halting, ponder_cost."""

_SHOWN = (
    ("budget", 8, lambda row: f"{row['compute_budget']:g}"),
    ("accuracy", 8, lambda row: f"{row['accuracy']:.2%}"),
    ("MFLOPs", 9, lambda row: f"{row['flops_mean'] / 1e6:.2f}"),
    ("std", 7, lambda row: f"{row['flops_std'] / 1e6:.2f}"),
    ("of dense", 8, lambda row: f"{row['flops_share']:.1%}"),
    ("units", 6, lambda row: f"{row['num_units']:.2f}"),
    ("ponder", 6, lambda row: f"{row['ponder_cost']:.2f}"),
    ("ms", 8, lambda row: f"{row['milliseconds']:.3f}"),
    ("spread", 6, lambda row: f"{_spread(row):.0%}"),
    ("speed-up", 8, lambda row: f"{row['speedup']:.3f}"),
)
"""Title, width and text of the columns that people are shown."""


def sweep_as_csv(sweep: Mapping[str, Any]) -> str:
    """The budgets as CSV: a header, and a row for each, in full precision.

    Args:
        sweep: "budgets": a row for each, as `sweep_checkpoint` collects them.
    """
    rows = sweep["budgets"]
    text = io.StringIO()
    columns = [name for name in _COLUMNS if name in rows[0]]
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def sweep_as_json(sweep: Mapping[str, Any]) -> str:
    """The whole sweep as JSON.

    An infinite budget, for which JSON has no number, is the text "inf", which `float`
    reads, too.

    Args:
        sweep: Header, what was evaluated, dense, and budgets.
    """
    rows = [
        row | {"compute_budget": "inf"} if math.isinf(row["compute_budget"]) else row
        for row in sweep["budgets"]
    ]
    return format_json({**sweep, "budgets": rows})


def format_sweep(sweep: Mapping[str, Any]) -> str:
    """A sweep for people: what it is of, and a line for each budget.

    Args:
        sweep: Likewise.
    """
    header, evaluated = sweep["header"], sweep["evaluated"]
    dense, rows = sweep["dense"], sweep["budgets"]
    step = evaluated["step"]
    columns = [column for column in _SHOWN if _has(rows[0], column)]
    titles = " ".join(f"{title:>{width}}" for title, width, _ in columns)
    lines = [
        " ".join(f"{text(row):>{width}}" for _, width, text in columns) for row in rows
    ]
    return "\n".join(
        [
            f"Sweep{'' if step is None else f' at step {step}'} on "
            f"{rows[0]['num_examples']} images of {evaluated['dataset']}/"
            f"{evaluated['split']}: {evaluated['checkpoint']}",
            titles,
            *lines,
            f"Dense: {dense['flops'] / 1e6:.2f} MFLOPs, {dense['milliseconds']:.3f} "
            f"ms, spread {_spread(dense):.0%}. MFLOPs and ms of an image; ms in "
            f"batches of {header['batch_size']}, medians of {header['rounds']} rounds;",
            "spread: interquartile range / median; speed-up: dense / compact time.",
        ]
    )


def _has(row: Mapping[str, Any], column: tuple) -> bool:
    return column[0] != "ponder" or "ponder_cost" in row


def _spread(times: Mapping[str, float]) -> float:
    width = times["milliseconds_upper"] - times["milliseconds_lower"]
    return width / times["milliseconds"]
