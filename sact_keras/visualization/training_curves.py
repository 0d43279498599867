"""Draws how accuracy and executed units went in the course of trainings.

    python -m sact_keras.visualization.training_curves RUN [RUN ...] --output=curves.png

Each RUN is a run's directory. Several are drawn one after another, as the stages of one
training are.
"""

import argparse
import dataclasses
import io
import itertools
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sact_keras.files.atomic_write import atomic_write

_ACCURACY = "eval/Accuracy"
_BLOCK_UNITS = re.compile(r"block_\d+/num_units_mean")


@dataclasses.dataclass(frozen=True)
class Course:
    """The evaluations of one run, in their order.

    Attributes:
        title: What the run is called.
        steps: Steps done at each evaluation.
        accuracies: In [0, 1].
        units: Residual units run on average, by an image or at a position.
        batch_size: Images of a step.
    """

    title: str
    steps: Sequence[int]
    accuracies: Sequence[float]
    units: Sequence[float]
    batch_size: int


def read_course(directory: Path) -> Course:
    """Reads a run's `config.json` and `metrics.jsonl`.

    Raises:
        FileNotFoundError: If one of them is not there.
        ValueError: If the run has not been evaluated.
    """
    flags = json.loads((directory / "config.json").read_text())["flags"]
    text = (directory / "metrics.jsonl").read_text()
    evaluations = [e for e in map(json.loads, text.splitlines()) if _ACCURACY in e]
    if not evaluations:
        raise ValueError(
            f"{directory} must be a run that has been evaluated. Received: no "
            f"{_ACCURACY} in its metrics.jsonl"
        )
    return Course(
        title=flags.get("stage") or flags["model_type"],
        steps=[e["step"] for e in evaluations],
        accuracies=[e[_ACCURACY] for e in evaluations],
        units=[_units_run(e) for e in evaluations],
        batch_size=flags["batch_size"],
    )


def draw_training_curves(courses: Sequence[Course], num_images: int) -> bytes:
    """Draws accuracies above and executed units below, over the epochs of all courses.

    Args:
        courses: At least one.
        num_images: Images of an epoch.

    Returns:
        A PNG file.

    Example:
        >>> course = Course("finetune", [100, 200], [0.7, 0.8], [9, 5], 128)
        >>> draw_training_curves([course], num_images=50_000)[1:4]
        b'PNG'
    """
    figure = Figure(figsize=(8, 5), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    ends = [c.steps[-1] * c.batch_size / num_images for c in courses]
    starts = [0.0, *itertools.accumulate(ends)]
    for index, (course, start) in enumerate(zip(courses, starts, strict=False)):
        epochs = [start + s * course.batch_size / num_images for s in course.steps]
        accuracies = [100 * accuracy for accuracy in course.accuracies]
        style: dict[str, Any] = {"marker": "o", "markersize": 3}
        above.plot(epochs, accuracies, color="tab:blue", **style)
        below.plot(epochs, course.units, color="tab:orange", **style)
        # At two heights: short stages have no room for their titles side by side.
        _part_stages((above, below), start, course.title, height=3 + 13 * (index % 2))
    above.set_ylabel("accuracy (%)")
    below.set_ylabel("residual units run")
    below.set_ylim(bottom=0)
    below.set_xlabel("epochs, over all stages")
    below.set_xlim(0, starts[-1])
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=150)
    return buffer.getvalue()


def main(arguments: Sequence[str] | None = None) -> None:
    """Draws what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("runs", nargs="+", type=Path, help="directories of runs")
    parser.add_argument("--output", required=True, type=Path, help="the PNG to write")
    parser.add_argument(
        "--num_images", type=int, default=50_000, help="of an epoch (CIFAR's 50,000)"
    )
    given = parser.parse_args(arguments)
    if given.num_images < 1:
        parser.error(f"--num_images must be at least 1. Received: {given.num_images}")
    try:
        courses = [read_course(run) for run in given.runs]
        atomic_write(given.output, draw_training_curves(courses, given.num_images))
    except (OSError, ValueError) as error:
        parser.exit(1, f"{error}\n")


def _part_stages(
    charts: Sequence[Axes], start: float, title: str, height: float
) -> None:
    for chart in charts:
        chart.axvline(start, color="0.6", linewidth=0.8)
        chart.grid(alpha=0.3)
    charts[0].annotate(
        f" {title}",
        (start, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(0, height),
        textcoords="offset points",
    )


def _units_run(evaluation: Mapping[str, float]) -> float:
    return sum(v for name, v in evaluation.items() if _BLOCK_UNITS.fullmatch(name))


if __name__ == "__main__":
    main()
