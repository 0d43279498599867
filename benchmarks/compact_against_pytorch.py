"""The compact executor beside the same network, masked, in PyTorch.

    python -m benchmarks.compact_against_pytorch --cases=sact,dynconv,aig --rates=0.5

Run it from the project's root, on a machine that does nothing else. Each of the two is
a process of its own, warmed up before the clock starts, on as many threads; both get
the same masks (`sact_keras.benchmarking.forced_masks`) and compute besides what would
decide. They take turns, the other waiting; every other round runs backwards. PyTorch
comes with the extra [import].
"""

import argparse
import math
import os
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.inference_workers import (
    CompactWorker,
    InferenceWorkload,
    PyTorchMaskedWorker,
)
from benchmarks.training_speed import (
    choices_of,
    machine,
    measure,
    positive,
    write_json,
)
from benchmarks.worker_process import WorkerProcess


class Case(NamedTuple):
    """A network, and how many images it is run on at a time."""

    dataset: str
    model: str
    side: int
    batch_sizes: tuple[int, ...]


CASES = {
    "sact": Case("imagenet", "101", 224, (8, 1)),
    "dynconv": Case("imagenet", "50", 224, (8, 1)),
    "aig": Case("cifar10", "18", 32, (128, 32, 1)),
}


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line; ends the program with exit code 2 where it is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.compact_against_pytorch",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--cases",
        type=choices_of(*CASES),
        default=list(CASES),
        help=f"comma-separated: {', '.join(CASES)} (default: all)",
    )
    parser.add_argument(
        "--rates",
        type=rates,
        default=[0.5],
        help="shares of the decisions that are positive, comma-separated "
        "(default: 0.5)",
    )
    parser.add_argument(
        "--batch_sizes",
        type=lambda text: [positive(part) for part in text.split(",")],
        help="images at a time, comma-separated (default: the case's)",
    )
    for name, default, text in (
        ("rounds", 7, "turns of each"),
        ("threads", len(os.sched_getaffinity(0)), "threads of the arithmetic"),
    ):
        parser.add_argument(
            f"--{name}",
            type=positive,
            default=default,
            help=f"{text} (default: {default})",
        )
    parser.add_argument(
        "--seconds", type=float, default=1.0, help="of a turn, at least (default: 1)"
    )
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    return parser.parse_args(arguments)


def rates(text: str) -> list[float]:
    """A parser of comma-separated numbers in [0, 1]."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = [-1.0]
    if not all(0 <= value <= 1 for value in values):
        raise argparse.ArgumentTypeError(
            f"expected numbers in [0, 1], comma-separated. Received: {text!r}"
        )
    return values


def make_workload(
    name: str, batch_size: int, rate: float, threads: int, **smaller: object
) -> InferenceWorkload:
    """Draws images and masks for a case; `smaller` replaces fields of it in tests."""
    import numpy as np

    import sact_keras
    from sact_keras.benchmarking import forced_masks

    case = CASES[name]._replace(
        **{key: value for key, value in smaller.items() if key in Case._fields}
    )
    model = sact_keras.build_model(
        name,
        dataset=case.dataset,
        model=case.model,
        base_channels=smaller.get("base_channels"),
    )
    shape = (batch_size, case.side, case.side, 3)
    return InferenceWorkload(
        model_type=name,
        dataset=case.dataset,
        model=case.model,
        images=np.random.default_rng(0).standard_normal(shape, np.float32),
        masks=forced_masks(model, batch_size, shape[1:3], rate),
        num_units=model.num_units,
        num_classes=model.num_classes,
        base_channels=model.base_channels,
        threads=threads,
    )


def compare(workload: InferenceWorkload, rounds: int, seconds: float) -> dict:
    """Lets both take turns on a workload; returns their speeds and the ratio."""
    workers = (CompactWorker(), PyTorchMaskedWorker())
    processes = [WorkerProcess(worker, workload) for worker in workers]
    batch_size = len(workload.images)
    calls = math.ceil(seconds / max(min(p.train(1) for p in processes), 1e-4))
    speeds = measure(processes, batch_size, rounds, calls)
    versions = {}
    for process in processes:
        versions |= process.facts["versions"]
        process.close()
    medians = [statistics.median(values) for values in speeds]
    return {
        "images_per_second": {
            worker.name: {"median": median, "rounds": values}
            for worker, median, values in zip(workers, medians, speeds, strict=True)
        },
        "ratio": medians[0] / medians[1],
        "versions": versions,
    }


def describe(result: dict) -> str:
    """A line about a case."""
    speeds = ", ".join(
        f"{name} {found['median']:.1f} ({min(found['rounds']):.1f} to "
        f"{max(found['rounds']):.1f})"
        for name, found in result["images_per_second"].items()
    )
    return (
        f"{result['case']} {result['model']}, {result['side']}x{result['side']}, batch "
        f"{result['batch_size']}, rate {result['rate']:g}, images/s: {speeds}; ratio "
        f"{result['ratio']:.2f}"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures what the command line asks for, and prints a line a case."""
    parsed = parse_arguments(arguments)
    from sact_keras.training.environment import import_tensorflow

    import_tensorflow()
    facts, results = machine(), []
    print(", ".join(f"{name}: {value}" for name, value in facts.items()), flush=True)
    for name in parsed.cases:
        case = CASES[name]
        for batch_size in parsed.batch_sizes or case.batch_sizes:
            for rate in parsed.rates:
                workload = make_workload(name, batch_size, rate, parsed.threads)
                found = compare(workload, parsed.rounds, parsed.seconds)
                result = {
                    "case": name,
                    "model": case.model,
                    "side": case.side,
                    "batch_size": batch_size,
                    "rate": rate,
                    "threads": parsed.threads,
                    **found,
                }
                print(describe(result), flush=True)
                results.append(result)
    if parsed.json:
        write_json(parsed.json, {"machine": facts, "results": results})


if __name__ == "__main__":
    main()
