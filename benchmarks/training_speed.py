"""Training speed of the models here, beside the same ResNet in PyTorch.

    python -m benchmarks.training_speed --model_types=vanilla,sact --rounds=7

Run it from the project's root, on a machine that does nothing else. Every
configuration is a process of its own, compiled and warmed up before the clock
starts. In each round they train in turn, the others waiting, so that a change of
the machine's speed meets all of them; every other round runs backwards. PyTorch
comes with the extra [import]; without it its rows are left out.
"""

import argparse
import dataclasses
import importlib.util
import itertools
import json
import statistics
from collections.abc import Sequence

from benchmarks.command_line import (
    add_comparison,
    add_counts,
    choices_of,
    make_parser,
)
from benchmarks.machine import describe_machine
from benchmarks.training_workers import KerasWorker, PyTorchWorker, TrainingWorkload
from benchmarks.worker_process import Worker, take_turns, versions
from sact_keras.files.atomic_write import atomic_write


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line; ends the program with exit code 2 where it is wrong."""
    parser = make_parser("training_speed", __doc__)
    parser.add_argument(
        "--model_types",
        type=choices_of("vanilla", "masked", "act", "sact"),
        default=["vanilla", "masked", "act", "sact"],
        help="comma-separated: vanilla, act, sact, and masked, which is vanilla under "
        "random masks of positions (default: all)",
    )
    for name in ("oneDNN", "jit_compile"):
        parser.add_argument(
            f"--{name}",
            type=choices_of("auto", "on", "off"),
            default=["auto"],
            help="comma-separated: on, off, auto (default: auto, main.py's choice)",
        )
    parser.add_argument(
        "--pytorch",
        type=choices_of("plain", "channels_last", "none"),
        default=["plain", "channels_last"],
        help="memory formats: plain, channels_last, or none (default: the two)",
    )
    add_counts(
        parser,
        batch_size=(128, "images a step"),
        model=(5, "units in each block; 5 is ResNet-32"),
        steps=(10, "steps a turn"),
    )
    add_comparison(parser)
    return parser.parse_args(arguments)


def chosen_workers(arguments: argparse.Namespace) -> list[Worker]:
    """Every configuration that the command line asks for."""
    workers: list[Worker] = [
        KerasWorker(*options)
        for options in itertools.product(
            arguments.model_types, arguments.oneDNN, arguments.jit_compile
        )
    ]
    if arguments.pytorch == ["none"]:
        return workers
    if importlib.util.find_spec("torch") is None:
        print("PyTorch is not installed (pip install -e '.[import]'): left out.")
        return workers
    formats = [name for name in arguments.pytorch if name != "none"]
    return workers + [PyTorchWorker(name == "channels_last") for name in formats]


def print_report(report: dict) -> None:
    """Prints medians, and the ratio of each pair of medians."""
    facts = {**report["machine"], **report["workload"], **report["versions"]}
    print("\n" + ", ".join(f"{name}: {value}" for name, value in facts.items()))
    rows = report["configurations"]
    width = max(len(row["name"]) for row in rows)
    print(
        f"\n   {'':{width}} images/s (median)   least    most   oneDNN  XLA"
        "   trainable weights"
    )
    for index, row in enumerate(rows):
        print(
            f"{index:>2} {row['name']:{width}} {row['median']:>17.1f} "
            f"{min(row['images_per_second']):>7.1f} "
            f"{max(row['images_per_second']):>7.1f} "
            f"{'on' if row['oneDNN'] else 'off':>8} {'on' if row['XLA'] else 'off':>4} "
            f"{row['trainable_weights']:>19,}"
        )
    print("\nThe row's median over the column's:")
    print(" " * (width + 4) + "".join(f"{index:>7}" for index in range(len(rows))))
    for index, (row, ratios) in enumerate(zip(rows, report["ratios"], strict=True)):
        print(
            f"{index:>2} {row['name']:{width}} " + "".join(f"{r:7.3f}" for r in ratios)
        )


def main() -> None:
    """Measures what the command line asks for."""
    arguments = parse_arguments()
    workload = TrainingWorkload(
        arguments.batch_size, arguments.model, arguments.threads
    )
    workers = chosen_workers(arguments)
    processes, speeds = take_turns(
        workers, workload, arguments.batch_size, arguments.rounds, arguments.steps
    )

    medians = [statistics.median(values) for values in speeds]
    report = {
        "machine": describe_machine(),
        "workload": {
            **dataclasses.asdict(workload),
            "rounds": arguments.rounds,
            "steps": arguments.steps,
        },
        "versions": versions(processes),
        "configurations": [
            {
                "name": process.worker.name,
                "median": median,
                "images_per_second": values,
                **{
                    name: fact
                    for name, fact in process.facts.items()
                    if name != "versions"
                },
            }
            for process, median, values in zip(processes, medians, speeds, strict=True)
        ],
        "ratios": [[row / column for column in medians] for row in medians],
    }
    print_report(report)
    if arguments.json:
        atomic_write(arguments.json, json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
