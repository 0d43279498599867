"""Processes that take turns, and the worker in each."""

import dataclasses
import os
from types import SimpleNamespace

import pytest

from benchmarks import worker_process
from benchmarks.worker_process import WorkerProcess


@dataclasses.dataclass(frozen=True)
class Worker:
    """Claims that a step takes a second; its facts are what it found."""

    name: str = "a worker"
    fails: bool = False

    def prepare(self, workload):
        if self.fails:
            raise RuntimeError("not today")
        return float, {"versions": {"threads": os.environ["OMP_NUM_THREADS"]}}


class FakeProcess:
    """Takes a fixed time a step, and notes each turn in a list shared by all."""

    def __init__(self, name, seconds_per_step, turns):
        self.name = name
        self.seconds_per_step = seconds_per_step
        self.turns = turns

    def run(self, steps):
        self.turns.append(self.name)
        return steps * self.seconds_per_step


def test_processes_take_turns_and_change_their_order(monkeypatch):
    monkeypatch.setattr(worker_process, "PAUSE_SECONDS", 0)
    turns = []
    processes = [FakeProcess("a", 0.5, turns), FakeProcess("b", 0.25, turns)]
    speeds = worker_process.measure(processes, batch_size=8, rounds=3, steps=2)
    assert turns == ["a", "b", "b", "a", "a", "b"]
    assert speeds == [[16.0] * 3, [32.0] * 3]


def test_a_worker_works_in_a_process_of_its_own():
    process = WorkerProcess(Worker(), SimpleNamespace(threads=3))
    assert process.run(2) == 2.0
    assert process.run(5) == 5.0
    process.close()
    assert worker_process.versions([process, process]) == {"threads": "3"}
    assert os.environ.get("OMP_NUM_THREADS") != "3"


def test_a_worker_that_dies_ends_the_program():
    with pytest.raises(SystemExit, match=r"'a worker' ended early, with exit code 1"):
        WorkerProcess(Worker(fails=True), SimpleNamespace(threads=1))
