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
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.worker_process import WorkerProcess
from benchmarks.workers import KerasWorker, PyTorchWorker, Worker, Workload

# Idle thread pools spin for a while before they sleep; the next must not meet them.
PAUSE_SECONDS = 0.5


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line; ends the program with exit code 2 where it is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.training_speed",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
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
    for name, default, text in (
        ("batch_size", 128, "images a step"),
        ("model", 5, "units in each block; 5 is ResNet-32"),
        ("rounds", 7, "turns of each configuration"),
        ("steps", 10, "steps a turn"),
        ("threads", len(os.sched_getaffinity(0)), "threads of the arithmetic"),
    ):
        parser.add_argument(
            f"--{name}",
            type=positive,
            default=default,
            help=f"{text} (default: {default})",
        )
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    parsed = parser.parse_args(arguments)
    if parsed.json and not parsed.json.parent.is_dir():
        parser.error(
            "argument --json: expected a file in a directory that exists. "
            f"Received: {parsed.json}"
        )
    return parsed


def choices_of(*allowed: str) -> Callable[[str], list[str]]:
    """A parser of comma-separated lists of the allowed values."""

    def parse(text: str) -> list[str]:
        values = text.split(",")
        if wrong := [value for value in values if value not in allowed]:
            raise argparse.ArgumentTypeError(
                f"expected a comma-separated list of {', '.join(allowed)}. "
                f"Received: {', '.join(map(repr, wrong))}"
            )
        return list(dict.fromkeys(values))

    return parse


def positive(text: str) -> int:
    """A parser of whole numbers above zero."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(
            f"expected a whole number above zero. Received: {text!r}"
        )
    return int(text)


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


def measure(
    processes: Sequence[WorkerProcess], batch_size: int, rounds: int, steps: int
) -> list[list[float]]:
    """Lets each train in turn; returns images per second, [process][round]."""
    speeds: list[list[float]] = [[] for _ in processes]
    turns = list(zip(processes, speeds, strict=True))
    for number in range(rounds):
        for process, its_speeds in turns if number % 2 == 0 else reversed(turns):
            time.sleep(PAUSE_SECONDS)
            its_speeds.append(batch_size * steps / process.train(steps))
        print(f"round {number + 1} of {rounds}", flush=True)
    return speeds


def machine() -> dict[str, str | int]:
    """The processor, as the kernel names it, and the system."""
    processor = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        fields = (line.split(":", 1) for line in cpuinfo.read_text().splitlines())
        models = (f[1].strip() for f in fields if f[0].strip() == "model name")
        processor = next(models, processor)
    return {
        "processor": processor,
        "logical_processors": os.cpu_count() or 0,
        "system": platform.platform(),
        "python": platform.python_version(),
    }


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


def write_json(path: Path, report: dict) -> None:
    """Writes the report, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w") as file:
            json.dump(report, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def main() -> None:
    """Measures what the command line asks for."""
    arguments = parse_arguments()
    workload = Workload(arguments.batch_size, arguments.model, arguments.threads)
    workers = chosen_workers(arguments)
    processes = []
    for worker in workers:
        print(f"warming up: {worker.name}", flush=True)
        processes.append(WorkerProcess(worker, workload))
    speeds = measure(processes, arguments.batch_size, arguments.rounds, arguments.steps)
    for process in processes:
        process.close()

    medians = [statistics.median(values) for values in speeds]
    report = {
        "machine": machine(),
        "workload": {
            **dataclasses.asdict(workload),
            "rounds": arguments.rounds,
            "steps": arguments.steps,
        },
        "versions": {
            name: version
            for process in processes
            for name, version in process.facts["versions"].items()
        },
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
        write_json(arguments.json, report)


if __name__ == "__main__":
    main()
