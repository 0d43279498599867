"""A worker in a process of its own."""

import multiprocessing
from typing import Any

from benchmarks.workers import Worker, Workload, serve


class WorkerProcess:
    """A worker's process, and the pipe that tells it when to train.

    Args:
        worker: The configuration to train.
        workload: What it trains on.

    Attributes:
        facts: What the worker says of itself once it is warmed up.
    """

    def __init__(self, worker: Worker, workload: Workload) -> None:
        self.worker = worker
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=serve, args=(worker, workload, theirs), daemon=True
        )
        self._process.start()
        theirs.close()  # So that the worker's death ends our waiting.
        self.facts = self._receive()

    def train(self, steps: int) -> float:
        """Trains for a number of steps; returns the seconds."""
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
