"""Times the networks of docs/results.md's table against each other.

All networks of sact_keras/pretrained take turns, compact, on the first images of
CIFAR-10's test split, one at a time and in batches of 128; see
sact_keras.benchmarking.turns. Those of which there is a sweep (docs/results) take turns
under its budgets, too, in batches. Let the machine do nothing else.

Example:
    python -m benchmarks.results_speed --dataset_dir=../shared/data/tfds \
        --json=docs/results/speed.json
"""

import functools
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.command_line import add_counts, make_parser
from benchmarks.machine import describe_machine
from benchmarks.results_rows import read_sweep
from sact_keras import provenance
from sact_keras.files.atomic_write import atomic_write
from sact_keras.pretrained import pretrained_directory, pretrained_names
from sact_keras.training.environment import import_tensorflow

BATCH_SIZES = (1, 128)
NUM_IMAGES = 512
"""Single images are drawn from the first so many, in turn: they differ in cost."""


class Images:
    """Runs a network on the next images of a data set, at each call.

    Args:
        network: A compact network.
        images: What it runs on, again from the first after the last.
        batch_size: Images of a call.
        budget: Compute budget of each image; None for what the network was trained for.
    """

    def __init__(
        self,
        network: Any,
        images: np.ndarray,
        batch_size: int,
        budget: float | None = None,
    ) -> None:
        import tensorflow as tf

        self._network, self._budget = network, budget
        starts = range(0, len(images) - batch_size + 1, batch_size)
        self._batches = [tf.constant(images[i : i + batch_size]) for i in starts]
        self._calls = 0

    def __call__(self) -> np.ndarray:
        """Runs it; returns the logits."""
        batch = self._batches[self._calls % len(self._batches)]
        self._calls += 1
        return self._network(batch, compute_budget=self._budget)["logits"].numpy()


def measure(dataset_dir: str | None, rounds: int) -> dict[str, Any]:
    """Times all networks.

    Args:
        dataset_dir: Where CIFAR-10 is; None for the usual places.
        rounds: Turns of each.

    Returns:
        "machine", "versions", "date", "rounds", "networks": name -> batch size -> what
        `describe_times` says, and "sweeps": name -> for each budget the same, and
        "compute_budget".
    """
    import_tensorflow()
    import sact_keras
    from sact_keras.benchmarking.turns import describe_times, take_turns

    images_of = functools.cache(lambda kind: _first_images(dataset_dir, kind))
    networks, inputs = {}, {}
    for name in pretrained_names():
        config = json.loads((pretrained_directory(name) / "config.json").read_text())
        if config["flags"]["dataset"] != "cifar10":
            continue
        networks[name] = sact_keras.compact(sact_keras.load_pretrained(name))
        inputs[name] = images_of(config["flags"]["preprocessing"])
    budgets: dict[str, list[float | None]] = {name: [None] for name in networks}
    report: dict[str, Any] = {name: {} for name in networks}
    sweeps: dict[str, list[Any]] = {}
    for size in BATCH_SIZES:
        if size > 1:
            for name in networks:
                budgets[name] += [each["compute_budget"] for each in read_sweep(name)]
        calls = {
            (name, budget): Images(network, inputs[name], size, budget)
            for name, network in networks.items()
            for budget in budgets[name]
        }
        for (name, budget), call in calls.items():
            under = "" if budget is None else f" under a budget of {budget:g}"
            print(f"Warming up {name}{under}, {size} images at a time", flush=True)
            for _ in range(3):
                call()
        times = take_turns(calls, rounds, turn_seconds=0.5)
        for (name, budget), seconds in times.items():
            found = describe_times(seconds, size)
            if budget is None:
                report[name][str(size)] = found
            else:
                cell = {"compute_budget": budget, **found}
                sweeps.setdefault(name, []).append(cell)
    return {
        "machine": describe_machine(),
        "versions": provenance.versions(),
        "date": time.strftime("%Y-%m-%d"),
        "rounds": rounds,
        "networks": report,
        "sweeps": sweeps,
    }


def _first_images(dataset_dir: str | None, preprocessing: str) -> np.ndarray:
    from sact_keras.data import open_dataset

    dataset = open_dataset("cifar10", dataset_dir)
    batches = dataset.evaluation_batches(
        NUM_IMAGES, num_examples=NUM_IMAGES, preprocessing=preprocessing
    )
    return np.concatenate([np.asarray(images) for images, _ in batches])


def format_report(report: Mapping[str, Any]) -> str:
    """The times as a table of text: milliseconds of an image."""
    width = max(len(name) for name in report["networks"])
    lines = [f"{'ms an image':{width}}" + "".join(f"{n:>10}" for n in BATCH_SIZES)]
    for name, times in report["networks"].items():
        cells = (times[str(n)]["milliseconds"] / n for n in BATCH_SIZES)
        lines.append(f"{name:{width}}" + "".join(f"{cell:10.3f}" for cell in cells))
    return "\n".join(lines)


def main() -> int:
    """Measures, prints and writes."""
    parser = make_parser("results_speed", __doc__)
    parser.add_argument("--dataset_dir", help="where CIFAR-10 is")
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    add_counts(parser, rounds=(11, "turns of each"))
    arguments = parser.parse_args()
    report = measure(arguments.dataset_dir, arguments.rounds)
    print(format_report(report))
    if arguments.json is not None:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(arguments.json, json.dumps(report, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
