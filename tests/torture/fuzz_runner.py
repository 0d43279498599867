"""Runs the cases of a fuzz in processes of their own, and outlives them.

A case that crashes, hangs or eats the memory takes its process with it and no other
case: the process is started anew, and the case is a failure with its input kept.
"""

import dataclasses
import json
import os
import queue
import select
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

SEED = int(os.environ.get("SACT_FUZZ_SEED", "0"))
"""What all mutations are drawn from; another one makes others."""

FACTOR = float(os.environ.get("SACT_FUZZ_FACTOR", "1"))
"""Multiplies the number of cases."""

PROCESSES = 2

# TensorFlow keeps something of each data set that is opened.
_CASES_A_PROCESS = 400

# A case takes milliseconds, the slowest some seconds; the machine may be busy.
_SECONDS = 60
_SECONDS_TO_START = 300

# Its modules write checkpoints; pytest finds those of the folders that it runs.
_CHECKPOINTS = str(Path(__file__).parents[1] / "checkpoints")

FAULT = "fault"


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a case ended.

    Attributes:
        number: of the case: with the seed, what it was drawn from.
        kind: what was mutated, and how.
        status: "refused", "read" or another word of the cases' own; or `FAULT`.
        detail: the error's message; of a fault, what to look at.
    """

    number: int
    kind: str
    status: str
    detail: str


def run_cases(module: str, directory: Path, number: int) -> list[Outcome]:
    """Runs the cases from 0 to `number` of a module of fuzz cases.

    Args:
        module: its name. It has a class `Cases`, see `fuzz_process`.
        directory: where the cases are written. That of a fault is left there.
        number: how many, before `FACTOR`.

    Returns:
        Their outcomes, in their order.
    """
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for case in range(round(number * FACTOR)):
        waiting.put(case)
    outcomes: list[Outcome] = []
    threads = [
        threading.Thread(target=_work, args=(module, directory, waiting, outcomes))
        for _ in range(PROCESSES)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes, key=lambda outcome: outcome.number)


def check_outcomes(outcomes: list[Outcome], number: int, least_share: float) -> None:
    """Fails for a fault, for cases that are missing, and where too few were refused.

    Args:
        outcomes: what `run_cases` returned.
        number: how many cases there should be, before `FACTOR`.
        least_share: the share that must be refused at least: mutations that change
            nothing would pass for strength.
    """
    counts = Counter(outcome.status for outcome in outcomes)
    print(f"seed {SEED}: {dict(counts)}")
    faults = [outcome for outcome in outcomes if outcome.status == FAULT]
    shown = "\n".join(f"{f.number} {f.kind}: {f.detail}" for f in faults[:20])
    assert not faults, f"{len(faults)} faults under SACT_FUZZ_SEED={SEED}:\n{shown}"
    assert len(outcomes) == round(number * FACTOR)
    assert counts["refused"] >= least_share * len(outcomes)


def _work(
    module: str,
    directory: Path,
    waiting: "queue.SimpleQueue[int]",
    outcomes: list[Outcome],
) -> None:
    process, done = None, 0
    while True:
        try:
            case = waiting.get_nowait()
        except queue.Empty:
            break
        try:
            process = process or _Process(module, directory)
            outcomes.append(process.run(case))
            done += 1
        except _ProcessDiedError as death:
            outcomes.append(Outcome(case, death.kind, FAULT, str(death)))
            process = None
        if process is not None and done % _CASES_A_PROCESS == 0:
            process.stop()
            process = None
    if process is not None:
        process.stop()


class _ProcessDiedError(Exception):
    """A process ended or hung; `kind` is the last that it said it was doing."""

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


class _Process:
    """A process that runs one case after the other."""

    def __init__(self, module: str, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._log = directory / f"process_{os.getpid()}_{threading.get_ident()}.log"
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(filter(None, [*sys.path, _CHECKPOINTS])),
            "PYTHONFAULTHANDLER": "1",
            "CUDA_VISIBLE_DEVICES": "",
        }
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "fuzz_process", module, directory, str(SEED)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
            )
        self._unread = b""
        self._kind = "starting"
        self._read(_SECONDS_TO_START)

    def run(self, case: int) -> Outcome:
        self._kind = "unknown"
        self._process.stdin.write(f"{case}\n".encode())
        self._process.stdin.flush()
        self._kind = self._read(_SECONDS)["kind"]
        return Outcome(**self._read(_SECONDS))

    def stop(self) -> None:
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def _read(self, seconds: float) -> dict:
        """Reads a line of JSON; kills the process where none comes."""
        output = self._process.stdout
        while b"\n" not in self._unread:
            ready, _, _ = select.select([output], [], [], seconds)
            read = os.read(output.fileno(), 2**16) if ready else b""
            if not read:
                if not ready:
                    self._process.kill()
                output.close()
                how = "ended" if ready else f"hung for {seconds} seconds"
                status = self._process.wait()
                log = self._log.read_text(errors="replace")[-3000:]
                raise _ProcessDiedError(
                    f"{how} (exit status {status}):\n{log}", self._kind
                )
            self._unread += read
        line, _, self._unread = self._unread.partition(b"\n")
        return json.loads(line)
