"""`python main.py ...`, and all else that a page has its reader type, as forks."""

import os
import runpy
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from forking_server import Finished, ForkingServer, serve

_IMPORTED_BEFOREHAND = (
    "tensorflow_datasets",
    "matplotlib.pyplot",
    "sact_keras.training.driver",
)


class ForkedPython(ForkingServer):
    """Runs Python programs, one at a time; a context manager.

    Args:
        project_root: What they import the project's packages from.
    """

    def __init__(self, project_root: Path) -> None:
        super().__init__(__file__, project_root)

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

        Raises:
            TimeoutError: If it does take too long.
        """
        self.begin(environment, arguments=list(arguments), directory=str(directory))
        return self.wait(timeout)


def _run(request: Mapping[str, Any]) -> int:
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
    return 0


if __name__ == "__main__":
    serve(_IMPORTED_BEFOREHAND, _run)
