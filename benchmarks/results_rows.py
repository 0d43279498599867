"""The rows of docs/results.md's table, from the files that hold their figures."""

import dataclasses
import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sact_keras.pretrained import pretrained_directory, pretrained_names

RESULTS = Path("docs/results")
SPEED_FILE = RESULTS / "speed.json"
SEEDS_FILE = RESULTS / "seeds.json"

PAPERS = {
    "cifar10_vanilla_resnet20": "91.25%",
    "cifar10_vanilla_resnet32": "92.49%",
    "cifar10_sact_resnet32": "91.82% at 82.4",
    "cifar10_dynconv_resnet32_budget0.7": "93.58% at 110.8",
}
"""Network -> accuracy and MFLOPs that a paper reports of the same one: He et al. of the
plain ones (without pre-activation), Figurnov et al. of `sact`, Verelst & Tuytelaars of
`dynconv` (55.4 M multiply-accumulates)."""

# Order of the table, and of what is compared in it.
_METHODS = ("vanilla", "act", "sact", "aig", "dynconv", "blockdrop")


@dataclasses.dataclass(frozen=True)
class Row:
    """A trained network of the table.

    Attributes:
        name: Of the network in sact_keras/pretrained.
        method: Its model type; "vanilla" for what BlockDrop's policies are to learn on.
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
        sweep: "compute_budget", "accuracy" and "flops_mean" of the network under each
            of several budgets, from the least to the most, and "milliseconds" of an
            image in batches, where they were timed; empty where there are none.
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
    sweep: tuple[Mapping[str, float], ...]

    @property
    def is_static(self) -> bool:
        """Whether it runs every unit everywhere."""
        return self.method == "vanilla"

    @property
    def is_on_line(self) -> bool:
        """Whether it is of the family that the others are compared with."""
        return self.is_static and self.variant == "sact"

    @property
    def label(self) -> str:
        """What the table calls it."""
        parts = [f"`{self.method}`", f"ResNet-{self.layers}", self.knob]
        if self.is_static and not self.is_on_line:
            parts.append(f"post-activation (`{self.variant}`)")
        return ", ".join(filter(None, parts))

    def spread(self, value: str) -> tuple[float, float] | None:
        """Mean and standard deviation over the seeds; None with fewer than three.

        Args:
            value: "accuracy" or "flops_mean".
        """
        found = [seed[value] for seed in self.seeds]
        if len(found) < 3:
            return None
        return statistics.mean(found), statistics.stdev(found)

    def mean(self, value: str) -> float:
        """The mean over the seeds; the network's own with fewer than three."""
        spread = self.spread(value)
        return getattr(self, value) if spread is None else spread[0]


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
    times, sweep_times = speed.get("networks", {}), speed.get("sweeps", {})
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
        row = _row(
            name,
            metrics,
            milliseconds=milliseconds,
            seeds=tuple(seeds.get(name, ())),
            sweep=_timed(read_sweep(name), sweep_times.get(name, ())),
        )
        rows.append(row)
    return sorted(rows, key=lambda row: (_METHODS.index(row.method), -row.flops_mean))


def read_sweep(name: str) -> list[dict[str, Any]]:
    """What `--mode=sweep` has written of a network, budget by budget; maybe nothing."""
    path = RESULTS / f"sweep_{name}.json"
    if not path.exists():
        return []
    return json.loads(path.read_text(encoding="utf-8"))["budgets"]


def _timed(
    sweep: Sequence[Mapping[str, Any]], times: Sequence[Mapping[str, float]]
) -> tuple[dict[str, float], ...]:
    """A sweep, with the times of one run of benchmarks.results_speed for its own.

    Its own were not taken beside those of the other networks.
    """
    found = {cell["compute_budget"]: cell for cell in times}
    timed, names = [], ("compute_budget", "accuracy", "flops_mean")
    for each in sweep:
        point = {name: each[name] for name in names}
        if (cell := found.get(each["compute_budget"])) is not None:
            point["milliseconds"] = 1000 / cell["images_per_second"]
        timed.append(point)
    return tuple(timed)


def _row(name: str, metrics: Mapping[str, Any], **measured: Any) -> Row:
    values, units = metrics["values"], int(metrics["model"])
    is_whole = metrics.get("stage") == "pretrain"
    return Row(
        name=name,
        method="vanilla" if is_whole else metrics["model_type"],
        variant=metrics["variant"],
        layers=6 * units + 2,
        knob=_knob(metrics),
        accuracy=values["eval/Accuracy"],
        flops_mean=values["Total Flops/mean"],
        flops_std=values["Total Flops/std"],
        units=metrics["executed_units"],
        **measured,
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


def above_plain(row: Row, rows: Sequence[Row]) -> float | None:
    """By how much a network is better than a plain one of the same FLOPs.

    Of what was trained with three seeds or more, the means count.

    Args:
        row: The network's.
        rows: The table's. Its pre-activation plain networks, joined by straight lines
            in accuracy over FLOPs, say what a plain network of any FLOPs reaches.

    Returns:
        The difference of the accuracies; None where no two plain networks have fewer
        and more FLOPs, or for one of those that the line is made of.
    """
    line = [(r.mean("flops_mean"), r.mean("accuracy")) for r in rows if r.is_on_line]
    costs, accuracies = zip(*sorted(line), strict=True) if line else ((), ())
    cost = row.mean("flops_mean")
    if row.is_on_line or not line or not costs[0] <= cost <= costs[-1]:
        return None
    return row.mean("accuracy") - float(np.interp(cost, costs, accuracies))
