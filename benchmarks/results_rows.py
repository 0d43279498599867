"""The rows of docs/results.md's table, from the files that hold their figures."""

import dataclasses
import json
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sact_keras.pretrained import pretrained_directory, pretrained_names

RESULTS = Path("docs/results")
SPEED_FILE = RESULTS / "speed.json"
SEEDS_FILE = RESULTS / "seeds.json"

# Order of the table, and of what is compared in it.
_METHODS = ("vanilla", "act", "sact", "aig", "dynconv", "blockdrop")


@dataclasses.dataclass(frozen=True)
class Row:
    """A trained network of the table.

    Attributes:
        name: Of the network in sact_keras/pretrained.
        method: Its model type.
        variant: Which original's ResNet.
        layers: Of the ResNet: 32.
        knob: What it was trained for, as text: "tau 0.01".
        accuracy: On the 10,000 test images, in [0, 1].
        flops_mean: 2 x multiply-accumulates of an image.
        flops_std: Over the images.
        units: Residual units that an image runs, mean over its positions.
        milliseconds: Images a call -> milliseconds of an image, compact; empty where
            it was not timed.
        seeds: Accuracies with other seeds, its own among them; empty where there are
            none.
    """

    name: str
    method: str
    variant: str
    layers: int
    knob: str
    accuracy: float
    flops_mean: float
    flops_std: float
    units: float
    milliseconds: Mapping[int, float]
    seeds: tuple[Mapping[str, float], ...]

    @property
    def is_static(self) -> bool:
        """Whether it runs every unit everywhere."""
        return self.method == "vanilla"

    @property
    def label(self) -> str:
        """What the table calls it."""
        units = self.is_static and self.variant != "sact"
        parts = [f"`{self.method}`", f"ResNet-{self.layers}", self.knob]
        return ", ".join(filter(None, [*parts, units and "post-activation"]))


def read_rows() -> list[Row]:
    """All rows, plain networks first, each method's from the most FLOPs to the least.

    Example:
        >>> rows = read_rows()
        >>> rows[0].method, rows[0].layers
        ('vanilla', 32)
    """
    speed, seeds = (
        json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        for path in (SPEED_FILE, SEEDS_FILE)
    )
    times = speed.get("networks", {})
    rows = []
    for name in pretrained_names():
        directory = pretrained_directory(name)
        metrics = json.loads((directory / "metrics.json").read_text(encoding="utf-8"))
        if metrics["dataset"] != "cifar10":
            continue
        milliseconds = {
            int(size): cell["milliseconds"] / int(size)
            for size, cell in times.get(name, {}).items()
        }
        rows.append(_row(name, metrics, milliseconds, tuple(seeds.get(name, ()))))
    return sorted(rows, key=lambda row: (_METHODS.index(row.method), -row.flops_mean))


def _row(
    name: str,
    metrics: Mapping[str, Any],
    milliseconds: Mapping[int, float],
    seeds: tuple[Mapping[str, float], ...],
) -> Row:
    values, units = metrics["values"], int(metrics["model"])
    return Row(
        name=name,
        method=metrics["model_type"],
        variant=metrics["variant"],
        layers=6 * units + 2,
        knob=_knob(metrics),
        accuracy=values["eval/Accuracy"],
        flops_mean=values["Total Flops/mean"],
        flops_std=values["Total Flops/std"],
        units=metrics["executed_units"],
        milliseconds=milliseconds,
        seeds=seeds,
    )


def _knob(metrics: Mapping[str, Any]) -> str:
    """What a network was trained for."""
    for name, text in (
        ("tau", "tau {:g}"),
        ("target_rate", "rate {:g}"),
        ("budget", "budget {:g}"),
        ("penalty", "penalty {:g}"),
    ):
        if metrics.get(name) is not None:
            return text.format(metrics[name])
    return ""


def spread(row: Row, value: str) -> tuple[float, float] | None:
    """Mean and standard deviation over seeds; None with fewer than three."""
    found = [seed[value] for seed in row.seeds]
    if len(found) < 3:
        return None
    return statistics.mean(found), statistics.stdev(found)
