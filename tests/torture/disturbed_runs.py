"""Runs the modes, whole for comparison or disturbed at a random moment."""

import contextlib
import dataclasses
import fnmatch
import json
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

from forked_programs import ForkedPrograms
from forking_server import Finished
from killed_modes import MODES, Mode
from left_behind import arrays_of_run, check_same, check_whole
from serving.tiny_server import serve_tiny_model, write_pictures
from whole_files import read_arrays

from sact_keras.checkpoints.store import CheckpointStore


@dataclasses.dataclass(frozen=True)
class WholeRun:
    """A run that nothing has disturbed.

    Attributes:
        directory: What it has written.
        seconds: How long it took.
        operations: How many operations on files there were.
    """

    directory: Path
    seconds: float
    operations: int


class DisturbedRuns:
    """Runs the modes.

    Args:
        programs: Starts them.
        root: Where they write; {name} in a command line is what is there.
        places: What other names in command lines stand for.

    Attributes:
        programs: Likewise.
    """

    def __init__(self, programs: ForkedPrograms, root: Path, **places: object) -> None:
        self.programs = programs
        self._root = root
        self._places = places
        self._whole: dict[str, WholeRun] = {}

    def whole(self, name: str) -> WholeRun:
        """A mode's undisturbed run, which is made once."""
        if name not in self._whole:
            directory, log = self._root / name, self._root / f"{name}.log"
            command = self.command(name, directory)
            directory.mkdir()
            begin = time.monotonic()
            finished = self.programs(
                *command, fault={"directory": str(directory), "log": str(log)}
            )
            assert finished.code == 0, finished.err
            self._whole[name] = WholeRun(
                directory,
                seconds=time.monotonic() - begin,
                operations=len(log.read_text().splitlines()),
            )
        return self._whole[name]

    def command(self, name: str, directory: Path) -> list[str]:
        """A mode's command line that writes to a directory."""
        argv = MODES[name].argv
        for other in MODES:
            if any(f"{{{other}}}" in argument for argument in argv):
                self.whole(other)
        places = {other: run.directory for other, run in self._whole.items()}
        return [
            argument.format(out=directory, **places, **self._places)
            for argument in argv
        ]

    def run(self, name: str, directory: Path) -> Finished:
        """Runs a mode to its end."""
        return self.programs(*self.command(name, directory))

    def killed(
        self, name: str, directory: Path, generator: random.Random
    ) -> tuple[str, Finished | None]:
        """Runs a mode, and kills it at a random moment.

        Returns:
            What kind of moment that was, and, where it had ended before, how.
        """
        whole = self.whole(name)
        command = self.command(name, directory)
        kind = generator.choice(
            [
                "after a time",
                "before an operation on files",
                "some calls after an operation on files",
                "some milliseconds after an operation on files",
            ]
        )
        if kind == "after a time":
            self.programs.start(*command)
            try:
                timeout = generator.uniform(0, whole.seconds)
                return kind, self.programs.wait(timeout)
            except TimeoutError:
                return kind, None
        fault = {
            "directory": str(directory),
            "kill_at": generator.randint(1, whole.operations),
        }
        if "calls" in kind:
            fault["calls"] = round(2 ** generator.uniform(0, 7))
        elif "milliseconds" in kind:
            fault["seconds"] = generator.uniform(0, 0.02)
        finished = self.programs(*command, fault=fault)
        return kind, None if finished.code == -9 else finished

    def signalled(
        self, name: str, directory: Path, number: int, generator: random.Random
    ) -> tuple[Finished, float]:
        """Runs a mode, and sends it a signal at a random moment.

        Returns:
            How it has ended, and after how many seconds.
        """
        timeout = generator.uniform(0, self.whole(name).seconds)
        pid = self.programs.start(*self.command(name, directory))
        try:
            return self.programs.wait(timeout, kills=False), 0.0
        except TimeoutError:
            begin = time.monotonic()
            os.kill(pid, number)
            return self.programs.wait(), time.monotonic() - begin

    def check_result(self, name: str, directory: Path) -> None:
        """Checks that a run has given what an undisturbed one has, and only that."""
        check_whole(directory)
        mode, expected = MODES[name], self.whole(name).directory
        if mode.is_training:
            _check_same_training(directory, expected)
        assert _names(directory, mode) == _names(expected, mode)
        for path in expected.rglob("*"):
            relative = path.relative_to(expected)
            if any(fnmatch.fnmatch(str(relative), pattern) for pattern in mode.same):
                _check_same_file(directory / relative, path)


@contextlib.contextmanager
def disturbed_runs(project_root: Path, root: Path) -> Iterator[DisturbedRuns]:
    """Makes all that the modes need; see `DisturbedRuns`."""
    for name in ("photos", "served"):
        (root / name).mkdir()
    write_pictures(root / "photos")
    with (
        serve_tiny_model(root / "served") as server,
        ForkedPrograms(project_root) as programs,
    ):
        yield DisturbedRuns(programs, root, photos=root / "photos", server=server.url)


def _check_same_file(found: Path, expected: Path) -> None:
    if expected.suffix in (".h5", ".keras"):
        check_same(read_arrays(found), read_arrays(expected))
    elif expected.suffix == ".json":
        contents = [json.loads(path.read_text()) for path in (found, expected)]
        for content in contents:
            content.pop("created", None)
        assert contents[0] == contents[1], found
    else:
        assert found.read_bytes() == expected.read_bytes(), found


def _check_same_training(found: Path, expected: Path) -> None:
    stores = [CheckpointStore(run / "checkpoints") for run in (found, expected)]
    latest = [store.latest() for store in stores]
    assert latest[0].step == latest[1].step
    assert latest[0].random_states == latest[1].random_states
    check_same(arrays_of_run(found), arrays_of_run(expected))
    best = [store.best() for store in stores]
    assert (best[0].step, best[0].metrics) == (best[1].step, best[1].metrics)
    evaluations = [_evaluations(run / "metrics.jsonl") for run in (found, expected)]
    assert evaluations[0] == evaluations[1]


def _evaluations(path: Path) -> list[dict]:
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    places = [(line["step"], line["split"]) for line in lines]
    assert len(set(places)) == len(places), places
    # Means over the training steps of a window are those since the resumption.
    evaluations = [line for line in lines if "eval/Accuracy" in line]
    return [{**line, "time": 0} for line in evaluations]


def _names(directory: Path, mode: Mode) -> set[str]:
    """The files of a directory; those whose names are times or steps, as one."""
    names = {str(path.relative_to(directory)) for path in directory.rglob("*")}
    names = {"events" if "tfevents" in name else name for name in names}
    # Which of the checkpoints before the last are kept depends on the interruptions.
    return {n for n in names if not (mode.is_training and "checkpoints/step-" in n)}
