"""Starts the project's programs by the dozen, without waiting for TensorFlow each time.

One process imports TensorFlow and all that the programs import, and does nothing more.
Each program is a fork of it: a process of its own, from its command line to its exit.

python forked_programs.py      reads requests as JSON, a line each
"""

import ctypes
import dataclasses
import importlib
import json
import os
import select
import signal
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from file_operations import FileOperations

PROGRAMS = {
    "main.py": "sact_keras.training.command_line:main",
    "export.saved_model": "export.saved_model:SAVED_MODEL",
    "export.ponder_maps": "export.ponder_maps:PONDER_MAPS",
    "export.tflite": "export.tflite:TFLITE",
    "export.client": "export.client:CLIENT",
}

_LATE_IMPORTS = (
    "export.checkpoint_network",
    "export.ponder_map_run",
    "export.tflite_export",
    "sact_keras.serving.saved_model",
    "sact_keras.visualization.budget_curve",
    "sact_keras.visualization.unit_rate_heatmap",
    "sact_keras.benchmarking.speedup_picture",
)


_CAPABILITY_VERSION = 0x20080522


@dataclasses.dataclass(frozen=True)
class Finished:
    """What a program has left behind: its exit code (or minus a signal), and texts."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """The last line on standard error."""
        return self.err.rstrip("\n").rpartition("\n")[2]


class ForkedPrograms:
    """Runs programs, one at a time; a context manager.

    Args:
        project_root: The directory that they run in.
    """

    def __init__(self, project_root: Path) -> None:
        self._root = project_root
        self._pid: int | None = None

    def __enter__(self) -> Self:
        self._texts = tempfile.TemporaryDirectory()
        self._server = subprocess.Popen(
            [sys.executable, __file__],
            cwd=self._root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(self._root)},
        )
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()
        self._server.stdin.close()
        self._server.wait(timeout=60)
        self._texts.cleanup()

    def start(
        self,
        *argv: object,
        tiny: bool = True,
        obeys_permissions: bool = False,
        environment: Mapping[str, str] | None = None,
        fault: Mapping[str, Any] | None = None,
    ) -> int:
        """Starts a program; returns its process' number.

        Args:
            *argv: Its name, of `PROGRAMS`, and its arguments.
            tiny: Whether every data set is the one of `TinyDataset`.
            obeys_permissions: Whether root is bound by the permissions of files, too.
            environment: What is added to the environment.
            fault: Where it is killed: arguments of `FileOperations`.
        """
        request = {
            "argv": [str(argument) for argument in argv],
            "tiny": tiny,
            "obeys_permissions": obeys_permissions,
            "environment": dict(environment or {}),
            "fault": fault,
            "texts": self._texts.name,
        }
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        self._pid = json.loads(self._server.stdout.readline())
        return self._pid

    def train(self, command: Sequence[str], directory: Path) -> Path:
        """Runs a training that must succeed; returns its directory."""
        finished = self(*command, f"--train_log_dir={directory}")
        assert finished.code == 0, finished.err
        return directory

    def wait(self, timeout: float = 300.0, *, kills: bool = True) -> Finished:
        """Waits for the end of what was started; kills it if it takes too long.

        Raises:
            TimeoutError: If it does take too long.
        """
        ready, _, _ = select.select([self._server.stdout], [], [], timeout)
        if not ready:
            if kills:
                self.kill()
            raise TimeoutError(f"not ended after {timeout} s: {self.texts()[1]}")
        code = os.waitstatus_to_exitcode(json.loads(self._server.stdout.readline()))
        self._pid = None
        return Finished(code, *self.texts())

    def __call__(self, *argv: object, **how: Any) -> Finished:
        """Runs a program from its start to its end; see `start`."""
        self.start(*argv, **how)
        return self.wait()

    def texts(self) -> tuple[str, str]:
        """What it has written so far to standard output, and to standard error."""
        return tuple(
            Path(self._texts.name, name).read_text() for name in ("out", "err")
        )

    def kill(self) -> None:
        """Kills what is running, if anything is."""
        if self._pid is not None:
            os.kill(self._pid, signal.SIGKILL)
            self._server.stdout.readline()
            self._pid = None


def serve() -> None:
    """Forks a program for each request, until there are no more."""
    from sact_keras.training.environment import import_tensorflow

    import_tensorflow()
    for name in (*_LATE_IMPORTS, *(entry.split(":")[0] for entry in PROGRAMS.values())):
        importlib.import_module(name)
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            # Not `os._exit`: what a program still does at its end belongs to it.
            sys.exit(_run(json.loads(line)))
        print(pid, flush=True)
        print(os.waitpid(pid, 0)[1], flush=True)


def _run(request: Mapping[str, Any]) -> int:
    texts = Path(request["texts"])
    for number, name in ((1, "out"), (2, "err")):
        with (texts / name).open("wb") as file:
            os.dup2(file.fileno(), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.update(request["environment"])
    if request["obeys_permissions"]:
        _give_up_privileges()
    if request["tiny"]:
        _make_data_tiny()
    if request["fault"] is not None:
        sys.addaudithook(FileOperations(**request["fault"]))
    name, *arguments = request["argv"]
    module, attribute = PROGRAMS[name].split(":")
    program = getattr(importlib.import_module(module), attribute)
    return program([name, *arguments])


def _give_up_privileges() -> None:
    """Leaves root the user without what sets root apart (capabilities(7))."""
    if os.geteuid() == 0:
        header, nothing = struct.pack("=Ii", _CAPABILITY_VERSION, 0), bytes(24)
        if ctypes.CDLL(None, use_errno=True).capset(header, nothing) != 0:
            raise OSError(ctypes.get_errno(), "privileges cannot be given up")


def _make_data_tiny() -> None:
    sys.path.insert(0, str(Path(__file__).parents[1] / "training"))
    from tiny_training import TinyDataset

    from sact_keras.training import driver

    driver.open_dataset = lambda *names, **options: TinyDataset()


if __name__ == "__main__":
    serve()
