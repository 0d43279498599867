"""Runs Python programs by the dozen, without waiting for TensorFlow each time.

One process imports TensorFlow and what else the programs import, and does nothing more.
Each program is a fork of it: a process of its own, from its arguments to its exit.
"""

import dataclasses
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Self


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


class ForkingServer:
    """The process that is forked, for one program at a time; a context manager.

    Args:
        script: A file that calls `serve` when it is run.
        project_root: The directory that it runs in, and whose packages are imported.
    """

    def __init__(self, script: str, project_root: Path) -> None:
        self._script, self._root = script, project_root
        self._pid: int | None = None

    def __enter__(self) -> Self:
        self._texts = tempfile.TemporaryDirectory()
        imported_from = [str(self._root), str(Path(__file__).parent)]
        imported_from += filter(None, [os.environ.get("PYTHONPATH")])
        self._server = subprocess.Popen(
            [sys.executable, self._script],
            cwd=self._root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(imported_from)},
        )
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()
        self._server.stdin.close()
        self._server.wait(timeout=60)
        self._texts.cleanup()

    def begin(self, environment: Mapping[str, str] | None, **request: Any) -> int:
        """Begins a program; returns its process' number.

        Args:
            environment: What is added to the environment.
            **request: What the script's function is given, as JSON has it.
        """
        request |= {"environment": dict(environment or {}), "texts": self._texts.name}
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        self._pid = json.loads(self._server.stdout.readline())
        return self._pid

    def wait(self, timeout: float = 300.0, *, kills: bool = True) -> Finished:
        """Waits for the end of what was begun; kills it if it takes too long.

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

    def texts(self) -> tuple[str, str]:
        """What it has written so far to standard output, and to standard error."""
        files = (Path(self._texts.name, name) for name in ("out", "err"))
        return tuple(file.read_text(errors="replace") for file in files)

    def kill(self) -> None:
        """Kills what is running, if anything is."""
        if self._pid is not None:
            os.kill(self._pid, signal.SIGKILL)
            self._server.stdout.readline()
            self._pid = None


def serve(modules: Iterable[str], run: Callable[[Mapping[str, Any]], int]) -> None:
    """Imports modules, then forks a program for each request on standard input.

    Args:
        modules: Their names.
        run: The program: from a request of `ForkingServer.begin` to an exit code.
    """
    from sact_keras.training.environment import import_tensorflow

    import_tensorflow()
    for name in modules:
        importlib.import_module(name)
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            request = json.loads(line)
            _redirect(Path(request["texts"]))
            os.environ.update(request["environment"])
            # Not `os._exit`: what a program still does at its end belongs to it.
            sys.exit(run(request))
        print(pid, flush=True)
        print(os.waitpid(pid, 0)[1], flush=True)


def _redirect(texts: Path) -> None:
    for number, name in ((1, "out"), (2, "err")):
        with (texts / name).open("wb") as file:
            os.dup2(file.fileno(), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
