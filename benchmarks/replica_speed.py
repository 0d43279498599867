"""Two replicas on two cores beside one replica on one core.

    python -m benchmarks.replica_speed --model_types=vanilla,sact --rounds=7

Run it from the project's root, on a machine that does nothing else. The batch is the
same in all configurations; the cores are the first that the process may use. Each
configuration is a process of its own, compiled and warmed up before the clock starts,
and they take turns.
"""

import argparse
import dataclasses
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
from benchmarks.replica_workers import ReplicaWorker
from benchmarks.training_workers import TrainingWorkload
from benchmarks.worker_process import take_turns, versions
from sact_keras.files.atomic_write import atomic_write
from sact_keras.models.presets import MODEL_TYPES


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line; ends the program with exit code 2 where it is wrong."""
    parser = make_parser("replica_speed", __doc__)
    stageless = [name for name in MODEL_TYPES if name != "blockdrop"]
    parser.add_argument(
        "--model_types",
        type=choices_of(*stageless),
        default=["vanilla", "sact"],
        help=f"comma-separated: {', '.join(stageless)} (default: vanilla,sact)",
    )
    parser.add_argument(
        "--norms",
        type=choices_of("own", "synchronized"),
        default=["own", "synchronized"],
        help="comma-separated: own, synchronized (default: both)",
    )
    add_counts(
        parser,
        batch_size=(128, "images a step, of all replicas"),
        model=(5, "units in each block; 5 is ResNet-32"),
        steps=(8, "steps a turn"),
        replicas=(2, "replicas, and cores for them"),
    )
    add_comparison(parser)
    return parser.parse_args(arguments)


def chosen_workers(arguments: argparse.Namespace) -> list[ReplicaWorker]:
    """For each model one replica on one core, and then many on many."""
    many = (arguments.replicas, arguments.replicas)
    workers = []
    for model_type in arguments.model_types:
        workers.append(ReplicaWorker(model_type, 1, 1))
        workers += [
            ReplicaWorker(model_type, *many, sync_batch_norm=norms == "synchronized")
            for norms in arguments.norms
        ]
    return workers


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
    alone = {
        worker.model_type: median
        for worker, median in zip(workers, medians, strict=True)
        if worker.cores == 1
    }
    report = {
        "machine": describe_machine(),
        "workload": dataclasses.asdict(workload),
        "versions": versions(processes),
        "configurations": [
            {
                "name": worker.name,
                "median": median,
                "images_per_second": values,
                "times_one_core": median / alone[worker.model_type],
            }
            for worker, median, values in zip(workers, medians, speeds, strict=True)
        ],
    }
    width = max(len(worker.name) for worker in workers)
    print(f"\n{'':{width}} images/s (median)   least    most   of one core")
    for row in report["configurations"]:
        values = row["images_per_second"]
        print(
            f"{row['name']:{width}} {row['median']:>17.1f} {min(values):>7.1f} "
            f"{max(values):>7.1f} {row['times_one_core']:>13.2f}"
        )
    if arguments.json:
        atomic_write(arguments.json, json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
