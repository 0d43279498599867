"""A SavedModel under load: many requests of all kinds at once.

    python -m benchmarks.serving_load --saved_model=exported/1 --requests=2000

Threads send requests of mixed signatures, batch sizes and image sizes to one loaded
SavedModel. Each result is compared with that of its images by themselves: classes and
FLOPs exactly, the rest up to 1e-5. Where a decision lies so near its threshold that
the last digits turn it, which they may where a batch is of another size, it is
counted as a near tie. The process's memory is looked at all along: its slope is taken
once the first quarter has warmed it up. Exit code 1 says that something failed, was
different, or grew.
"""

import argparse
import concurrent.futures
import json
import os
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.command_line import (
    add_counts,
    make_parser,
    new_file,
    number_between,
)
from benchmarks.machine import describe_machine
from sact_keras.files.atomic_write import atomic_write

if TYPE_CHECKING:
    from benchmarks.serving_requests import RequestPool

MIB = 2**20
WARM_UP_SHARE = 0.25
SAMPLES = 200
"""How often the memory is looked at."""

MAX_NEAR_TIES = 0.01
"""Largest share of requests of which a decision was turned by the last digits."""


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line; ends the program with exit code 2 where it is wrong."""
    parser = make_parser("serving_load", __doc__)
    parser.add_argument(
        "--saved_model", type=saved_model, required=True, help="its version directory"
    )
    add_counts(
        parser,
        requests=(2000, "requests"),
        threads=(8, "threads that send them"),
        image_size=(32, "height and width of the smallest images"),
    )
    parser.add_argument(
        "--memory_slope",
        type=number_between(0, 1e6),
        default=20.0,
        help="MiB that 1,000 requests may add (default: 20)",
    )
    parser.add_argument("--json", type=new_file, help="file to write the figures to")
    return parser.parse_args(arguments)


def saved_model(text: str) -> Path:
    """A parser of SavedModels' directories."""
    path = Path(text)
    if not (path / "saved_model.pb").is_file():
        raise argparse.ArgumentTypeError(
            f"expected the directory of a SavedModel. Received: {text!r}"
        )
    return path


def resident_memory() -> float:
    """What the process has in memory now, in MiB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB


class LoadTest:
    """Sends requests from several threads, and keeps what is found of each.

    Args:
        pool: Where requests come from; its examples have been run alone.
        requests: How many are sent.
        threads: How many threads send them.
        seed: Of the requests.
    """

    def __init__(
        self, pool: "RequestPool", requests: int, threads: int, seed: int = 0
    ) -> None:
        self._pool = pool
        self._threads = threads
        rng = random.Random(seed)
        self._requests = [pool.draw(rng) for _ in range(requests)]
        self._lock = threading.Lock()
        self._seconds: dict[str, list[float]] = defaultdict(list)
        self._verdicts: Counter[str] = Counter()
        self._faults: list[str] = []
        self._memory: list[tuple[int, float]] = []
        self._done = 0

    def run(self) -> dict[str, Any]:
        """Sends them all; returns what was found, for a report."""
        begin = time.perf_counter()
        with concurrent.futures.ThreadPoolExecutor(self._threads) as executor:
            # Taken to the end, so that an error of our own comes out.
            list(executor.map(self._send, self._requests))
        seconds = time.perf_counter() - begin
        examples = sum(request.kind.batch_size for request in self._requests)
        return {
            "requests": len(self._requests),
            "threads": self._threads,
            "requests_per_second": len(self._requests) / seconds,
            "images_per_second": examples / seconds,
            "results": dict(self._verdicts),
            "faults": self._faults,
            "memory": _describe_memory(self._memory),
            "milliseconds": {
                kind: _describe(self._seconds[kind]) for kind in sorted(self._seconds)
            },
        }

    def _send(self, request: Any) -> None:
        kind, fault = str(request.kind), None
        begin = time.perf_counter()
        try:
            found = self._pool.send(request)
        # Of whatever kind: any is a finding.
        except Exception as error:
            verdict, fault = "error", f"{kind}: {type(error).__name__}: {error}"
        seconds = time.perf_counter() - begin
        if fault is None:
            verdict = self._pool.compare(request, found)
            if verdict == "different":
                fault = f"{kind}: examples {request.indices} differ from single ones"
        with self._lock:
            self._seconds[kind].append(seconds)
            self._verdicts[verdict] += 1
            if fault:
                self._faults.append(fault)
            self._done += 1
            if self._done % max(1, len(self._requests) // SAMPLES) == 0:
                self._memory.append((self._done, resident_memory()))


def _describe(seconds: Sequence[float]) -> dict[str, float]:
    import numpy as np

    half, most = np.quantile(seconds, (0.5, 0.99))
    return {
        "requests": len(seconds),
        "p50": 1000 * float(half),
        "p99": 1000 * float(most),
    }


def _describe_memory(samples: Sequence[tuple[int, float]]) -> dict[str, float]:
    """Memory in MiB, and its slope by a thousand requests once it is warm."""
    import numpy as np

    done, memory = np.array(samples).T
    warm = done > WARM_UP_SHARE * done[-1]
    slope = np.polyfit(done[warm], memory[warm], 1)[0] if warm.sum() > 1 else 0.0
    return {
        "first": float(memory[0]),
        "warm": float(memory[warm][0]),
        "last": float(memory[-1]),
        "most": float(memory.max()),
        "slope": 1000 * float(slope),
    }


def find_faults(report: dict[str, Any], memory_slope: float) -> list[str]:
    """What a report holds that must not be; nothing where all is well."""
    faults = list(report["faults"])
    near_ties = report["results"].get("near tie", 0)
    if near_ties > MAX_NEAR_TIES * report["requests"]:
        faults.append(f"{near_ties} requests differ by near ties: too many")
    if (slope := report["memory"]["slope"]) > memory_slope:
        faults.append(f"memory grows by {slope:.1f} MiB in 1,000 requests")
    return faults


def describe(report: dict[str, Any]) -> str:
    """The report as lines of text."""
    memory = report["memory"]
    lines = [
        f"{report['requests']} requests from {report['threads']} threads: "
        f"{report['requests_per_second']:.1f} a second, "
        f"{report['images_per_second']:.1f} images a second",
        "results: "
        + ", ".join(f"{number} {name}" for name, number in report["results"].items()),
        f"memory: {memory['first']:.0f} MiB, warm {memory['warm']:.0f}, in the end "
        f"{memory['last']:.0f}, at most {memory['most']:.0f}; "
        f"{memory['slope']:+.1f} in 1,000 requests",
        "",
        "| request | number | p50 ms | p99 ms |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {kind} | {found['requests']} | {found['p50']:.1f} | {found['p99']:.1f} |"
        for kind, found in report["milliseconds"].items()
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Loads the SavedModel, sends the requests and reports."""
    parsed = parse_arguments(arguments)
    from sact_keras.training.environment import import_tensorflow

    import_tensorflow()
    import tensorflow as tf

    from benchmarks.serving_requests import RequestPool

    loaded = tf.saved_model.load(parsed.saved_model)
    pool = RequestPool(loaded.signatures, parsed.image_size)
    if not pool.kinds:
        raise SystemExit(
            "expected a SavedModel of sact_keras.export_saved_model. "
            f"Received: one with the signatures {sorted(loaded.signatures)}"
        )
    pool.run_alone()
    report = LoadTest(pool, parsed.requests, parsed.threads).run()
    print(describe(report), flush=True)
    if parsed.json:
        report = {"machine": describe_machine(), **report}
        atomic_write(parsed.json, json.dumps(report, indent=1))
    if faults := find_faults(report, parsed.memory_slope):
        raise SystemExit("\n".join(faults[:20]))


if __name__ == "__main__":
    main()
