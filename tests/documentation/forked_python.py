"""Runs `python main.py ...` by the dozen, without waiting for TensorFlow each time.

One process imports TensorFlow and does nothing more. Each program is a fork of it, in a
directory and an environment of its own, that runs as `__main__` from there to its exit.

python forked_python.py      reads requests as JSON, a line each
"""

import dataclasses
import json
import os
import runpy
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

_IMPORTED_BEFOREHAND = (
    "tensorflow_datasets",
    "matplotlib.pyplot",
    "sact_keras.training.driver",
)


@dataclasses.dataclass(frozen=True)
class Finished:
    """What a program has left behind: its exit code (or minus a signal), and text."""

    code: int
    text: str


class ForkedPython:
    """Runs Python programs, one at a time; a context manager.

    Args:
        project_root: What they import the project's packages from.
        log: A file for what they write.
    """

    def __init__(self, project_root: Path, log: Path) -> None:
        self._root, self._log = project_root, log

    def __enter__(self) -> Self:
        found = [str(self._root), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
        self._server = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, found))},
        )
        return self

    def __exit__(self, *error: object) -> None:
        self._server.stdin.close()
        self._server.wait(timeout=60)

    def __call__(
        self,
        arguments: Sequence[str],
        directory: Path,
        environment: Mapping[str, str],
        timeout: float = 900.0,
    ) -> Finished:
        """Runs what `python` is given; kills it if it takes too long.

        Args:
            arguments: "main.py" or "-m" and a module, and what follows.
            directory: Where it runs.
            environment: What is added to the environment.
            timeout: Seconds.
        """
        request = {
            "arguments": list(arguments),
            "directory": str(directory),
            "environment": dict(environment),
            "log": str(self._log),
        }
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        pid = json.loads(self._server.stdout.readline())
        ready, _, _ = select.select([self._server.stdout], [], [], timeout)
        if not ready:
            os.kill(pid, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(json.loads(self._server.stdout.readline()))
        text = self._log.read_text(errors="replace")
        return Finished(code, text if ready else f"{text}\nkilled after {timeout:g} s")


def serve() -> None:
    """Forks a program for each request, until there are no more."""
    import importlib

    from sact_keras.training.environment import import_tensorflow

    import_tensorflow()
    for name in _IMPORTED_BEFOREHAND:
        importlib.import_module(name)
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            _run(json.loads(line))
            # Not `os._exit`: what a program still does at its end belongs to it.
            sys.exit(0)
        print(pid, flush=True)
        print(os.waitpid(pid, 0)[1], flush=True)


def _run(request: Mapping[str, Any]) -> None:
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    with Path(request["log"]).open("wb") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    os.environ.update(request["environment"])
    os.chdir(request["directory"])
    first, *rest = request["arguments"]
    if first == "-m":
        sys.path[0] = ""
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        sys.path[0] = str(Path(first).resolve().parent)
        sys.argv = [first, *rest]
        runpy.run_path(first, run_name="__main__")


if __name__ == "__main__":
    serve()
