"""The compact executor beside the same network, masked, in PyTorch.

    python -m benchmarks.compact_against_pytorch --cases=sact,dynconv,aig --rates=0.5

Run it from the project's root, on a machine that does nothing else. Each of the two is
a process of its own, warmed up before the clock starts, on as many threads; both get
the same masks (`sact_keras.benchmarking.forced_masks`) and compute besides what would
decide. They take turns, the other waiting; every other round runs backwards. PyTorch
comes with the extra [import].
"""

import argparse
import json
import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple

from benchmarks.command_line import (
    add_comparison,
    choices_of,
    list_of,
    make_parser,
    number_between,
    positive,
)
from benchmarks.inference_workers import (
    CompactWorker,
    InferenceWorkload,
    PyTorchMaskedWorker,
)
from benchmarks.machine import describe_machine
from benchmarks.worker_process import WorkerProcess, measure, versions
from sact_keras.files.atomic_write import atomic_write


class Case(NamedTuple):
    """A network, and how many images it is run on at a time.

    Attributes:
        model_type: As `sact_keras.build_model` takes it, and so the next two and the
            last.
        dataset: What the network is for.
        model: Its units.
        side: Height and width of the images, in pixels.
        batch_sizes: Images at a time, unless the command line says otherwise.
        base_channels: The network's width; None for the family's.
    """

    model_type: str
    dataset: str
    model: str
    side: int
    batch_sizes: tuple[int, ...]
    base_channels: int | None = None


CASES = {
    case.model_type: case
    for case in (
        Case("sact", "imagenet", "101", 224, (8, 1)),
        Case("dynconv", "imagenet", "50", 224, (8, 1)),
        Case("aig", "cifar10", "18", 32, (128, 32, 1)),
    )
}


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line; ends the program with exit code 2 where it is wrong."""
    parser = make_parser("compact_against_pytorch", __doc__)
    parser.add_argument(
        "--cases",
        type=choices_of(*CASES),
        default=list(CASES),
        help=f"comma-separated: {', '.join(CASES)} (default: all)",
    )
    parser.add_argument(
        "--rates",
        type=list_of(number_between(0, 1)),
        default=[0.5],
        help="shares of the decisions that are positive, comma-separated "
        "(default: 0.5)",
    )
    parser.add_argument(
        "--batch_sizes",
        type=list_of(positive),
        help="images at a time, comma-separated (default: the case's)",
    )
    parser.add_argument(
        "--seconds",
        type=number_between(0, 3600),
        default=1.0,
        help="of a turn, at least; always one batch (default: 1)",
    )
    add_comparison(parser)
    return parser.parse_args(arguments)


def make_workload(
    case: Case, batch_size: int, rate: float, threads: int
) -> InferenceWorkload:
    """Draws images, and masks of a rate."""
    import numpy as np

    import sact_keras
    from sact_keras.benchmarking import forced_masks

    model = sact_keras.build_model(
        case.model_type,
        dataset=case.dataset,
        model=case.model,
        base_channels=case.base_channels,
    )
    shape = (batch_size, case.side, case.side, 3)
    return InferenceWorkload(
        model_type=case.model_type,
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
    shortest = max(min(process.run(1) for process in processes), 1e-4)
    batches = max(1, math.ceil(seconds / shortest))
    speeds = measure(processes, len(workload.images), rounds, batches)
    for process in processes:
        process.close()
    medians = [statistics.median(values) for values in speeds]
    return {
        "images_per_second": {
            worker.name: {"median": median, "rounds": values}
            for worker, median, values in zip(workers, medians, speeds, strict=True)
        },
        "ratio": medians[0] / medians[1],
        "versions": versions(processes),
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
    facts, results = describe_machine(), []
    print(", ".join(f"{name}: {value}" for name, value in facts.items()), flush=True)
    for name in parsed.cases:
        case = CASES[name]
        for batch_size in parsed.batch_sizes or case.batch_sizes:
            for rate in parsed.rates:
                workload = make_workload(case, batch_size, rate, parsed.threads)
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
        report = {"machine": facts, "results": results}
        atomic_write(parsed.json, json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
