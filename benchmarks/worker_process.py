"""Workers in processes of their own, which take turns."""

import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Any, Protocol

# Idle thread pools spin for a while before they sleep; the next must not meet them.
PAUSE_SECONDS = 0.5


class Workload(Protocol):
    """What a worker works on.

    Attributes:
        threads: Threads that the arithmetic may use.
    """

    threads: int


class Worker(Protocol):
    """A configuration to be timed.

    Attributes:
        name: What it is called in the report.
    """

    name: str

    def prepare(self, workload: Workload) -> tuple[Callable[[int], float], dict]:
        """Gets ready and warm, in the worker's process.

        Returns:
            A function that does a number of steps and returns the seconds that they
            took; and facts for the report, of which "versions" is a dictionary.
        """


class WorkerProcess:
    """A worker's process, and the pipe that tells it when to work.

    Args:
        worker: The configuration.
        workload: What it works on.

    Attributes:
        facts: What the worker says of itself once it is warmed up.
    """

    def __init__(self, worker: Worker, workload: Workload) -> None:
        self.worker = worker
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(worker, workload, theirs), daemon=True
        )
        self._process.start()
        theirs.close()  # So that the worker's death ends our waiting.
        self.facts = self._receive()

    def run(self, steps: int) -> float:
        """Does a number of steps; returns the seconds."""
        self._connection.send(steps)
        return self._receive()

    def close(self) -> None:
        """Ends the process."""
        self._connection.send(None)
        self._process.join()

    def _receive(self) -> Any:
        try:
            return self._connection.recv()
        except EOFError:
            self._process.join()
            raise SystemExit(
                f"The worker of {self.worker.name!r} ended early, with exit code "
                f"{self._process.exitcode}: its own error is above."
            ) from None


def measure(
    processes: Sequence[WorkerProcess], batch_size: int, rounds: int, steps: int
) -> list[list[float]]:
    """Lets each work in turn; returns images per second, [process][round].

    Every other round runs backwards.

    Args:
        processes: Each of which does steps of a batch.
        batch_size: Images of a step.
        rounds: Turns of each.
        steps: Steps of a turn.
    """
    speeds: list[list[float]] = [[] for _ in processes]
    turns = list(zip(processes, speeds, strict=True))
    for number in range(rounds):
        for process, its_speeds in turns if number % 2 == 0 else reversed(turns):
            time.sleep(PAUSE_SECONDS)
            its_speeds.append(batch_size * steps / process.run(steps))
        print(f"round {number + 1} of {rounds}", flush=True)
    return speeds


def take_turns(
    workers: Sequence[Worker],
    workload: Workload,
    batch_size: int,
    rounds: int,
    steps: int,
) -> tuple[list[WorkerProcess], list[list[float]]]:
    """Starts a process for each worker, lets them take turns and ends them.

    Args:
        workers: The configurations.
        workload: What they work on.
        batch_size: Images of a step.
        rounds: Turns of each.
        steps: Steps of a turn.

    Returns:
        The processes, whose facts are known, and `measure`'s figures.
    """
    processes = []
    for worker in workers:
        print(f"warming up: {worker.name}", flush=True)
        processes.append(WorkerProcess(worker, workload))
    speeds = measure(processes, batch_size, rounds, steps)
    for process in processes:
        process.close()
    return processes, speeds


def versions(processes: Sequence[WorkerProcess]) -> dict[str, str]:
    """The versions of what all the workers run on, by name."""
    return {
        name: version
        for process in processes
        for name, version in process.facts["versions"].items()
    }


def _serve(worker: Worker, workload: Workload, connection: Connection) -> None:
    """Runs in the worker's process: sends its facts, then times what it is told to.

    Args:
        worker: The configuration.
        workload: What it works on.
        connection: Gives numbers of steps, and None in the end; takes the facts
            and, for each number, the seconds.
    """
    # As many as the arithmetic may use; read when the libraries are imported.
    os.environ["OMP_NUM_THREADS"] = str(workload.threads)
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"  # CPU against CPU.
    run, facts = worker.prepare(workload)
    connection.send(facts)
    while (steps := connection.recv()) is not None:
        connection.send(run(steps))
