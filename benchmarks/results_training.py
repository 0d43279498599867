"""Trains what the table of docs/results.md compares.

Runs main.py on each of configs/table's experiments, as many at a time as there are
processors, each on one of its own: on a CPU, several trainings of one thread each get
more done than one of several threads (257 against 191 images/s on two cores). An
experiment that starts from another waits for it. Stopped, by whatever means, the same
command goes on where it was. What each run prints is in its directory, log.txt.

Example:
    python -m benchmarks.results_training --dataset_dir=../shared/data/tfds
    python -m benchmarks.results_training --only=sact_resnet32 --seed=2
"""

import dataclasses
import os
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from benchmarks.command_line import make_parser, positive

CONFIGS = Path("configs/table")


@dataclasses.dataclass(frozen=True)
class Experiment:
    """A training of the table.

    Attributes:
        name: That of its flagfile, and of its run's directory.
        flags: main.py's.
        directory: Its run's.
        start: Name of the experiment that it starts from; None for none.
    """

    name: str
    flags: tuple[str, ...]
    directory: Path
    start: str | None

    @classmethod
    def read(cls, path: Path, seed: int | None = None) -> "Experiment":
        """Reads a flagfile; with a seed, a repetition, beside the one without."""
        text = path.read_text(encoding="utf-8")
        directory = Path(_flag(text, "train_log_dir"))
        start, flags = _flag(text, "finetune_path"), [f"--flagfile={path}"]
        if seed is not None:
            directory = directory.with_name(f"{directory.name}_seed{seed}")
            flags += [f"--seed={seed}", f"--train_log_dir={directory}"]
            if start is not None:
                start = f"{start}_seed{seed}"
                flags.append(f"--finetune_path={start}")
        name = directory.name
        return cls(name, tuple(flags), directory, start and Path(start).name)

    @property
    def is_done(self) -> bool:
        """Whether the last step of its run has been evaluated."""
        return (self.directory / "eval" / "eval.json").exists()


def _flag(text: str, name: str) -> str | None:
    """The value of a flag in a flagfile; None where it has none."""
    found = re.findall(rf"^--{name}=(.*)$", text, re.MULTILINE)
    return found[-1] if found else None


def read_experiments(
    names: Sequence[str] | None = None, seed: int | None = None
) -> list[Experiment]:
    """The experiments of `configs/table`, and what they start from, in that order.

    Args:
        names: Those of the flagfiles; None for all.
        seed: Of their repetitions; None for the flagfiles' own.

    Raises:
        FileNotFoundError: If there is no flagfile of a name.
    """
    if names is None:
        names = sorted(path.stem for path in CONFIGS.glob("*_resnet*.cfg"))
    found: dict[str, Experiment] = {}
    for name in names:
        experiment = Experiment.read(CONFIGS / f"{name}.cfg", seed)
        if experiment.start is not None:
            start = experiment.start.removesuffix(f"_seed{seed}")
            # What it starts from may itself start from another.
            found |= {e.name: e for e in read_experiments([start], seed)}
        found[experiment.name] = experiment
    return list(found.values())


class Trainings:
    """Runs experiments side by side.

    Args:
        experiments: In their order; what one starts from is among them.
        arguments: Further arguments for all.
        processors: One for each training that runs at a time.
    """

    def __init__(
        self,
        experiments: Sequence[Experiment],
        arguments: Sequence[str],
        processors: Sequence[int],
    ) -> None:
        self.arguments = arguments
        self.processors = processors
        self.failed: list[str] = []
        self._left: queue.SimpleQueue[Experiment] = queue.SimpleQueue()
        for experiment in experiments:
            self._left.put(experiment)
        self._ended = {experiment.name: threading.Event() for experiment in experiments}

    def __call__(self) -> list[str]:
        """Runs all; returns the names of those that failed."""
        workers = [
            threading.Thread(target=self._work, args=(processor,))
            for processor in self.processors
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return self.failed

    def _work(self, processor: int) -> None:
        while True:
            try:
                experiment = self._left.get_nowait()
            except queue.Empty:
                return
            # What it starts from was taken first, so some worker is at it.
            if experiment.start is not None:
                self._ended[experiment.start].wait()
            try:
                if experiment.start in self.failed or not self._train(
                    experiment, processor
                ):
                    self.failed.append(experiment.name)
            finally:
                self._ended[experiment.name].set()

    def _train(self, experiment: Experiment, processor: int) -> bool:
        if experiment.is_done:
            print(f"{experiment.name}: done before", flush=True)
            return True
        command = [sys.executable, "main.py", *experiment.flags, *self.arguments]
        print(f"{experiment.name}: begins on processor {processor}", flush=True)
        experiment.directory.mkdir(parents=True, exist_ok=True)
        log = experiment.directory / "log.txt"
        with log.open("ab") as file:
            process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
            os.sched_setaffinity(process.pid, {processor})
            code = process.wait()
        print(f"{experiment.name}: ended with exit code {code} ({log})", flush=True)
        return code == 0


def main() -> int:
    """Trains what the command line asks for."""
    parser = make_parser("results_training", __doc__)
    parser.add_argument("--dataset_dir", help="where CIFAR-10 is, for main.py")
    parser.add_argument(
        "--only", help="comma-separated: these, and what they start from"
    )
    parser.add_argument("--seed", type=positive, help="repeat rows with another seed")
    parser.add_argument(
        "--workers", type=positive, help="trainings at a time (default: processors)"
    )
    arguments = parser.parse_args()
    names = arguments.only.split(",") if arguments.only else None
    try:
        experiments = read_experiments(names, arguments.seed)
    except FileNotFoundError as error:
        parser.error(f"--only must name flagfiles of {CONFIGS}. Received: {error}")
    given = arguments.dataset_dir
    processors = sorted(os.sched_getaffinity(0))
    failed = Trainings(
        experiments,
        [] if given is None else [f"--dataset_dir={given}"],
        processors[: arguments.workers],
    )()
    if failed:
        print(f"Failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
