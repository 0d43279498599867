"""The project's programs as forks, with faults and without privileges."""

import ctypes
import importlib
import os
import struct
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from file_operations import FileOperations
from forking_server import Finished, ForkingServer, serve

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


class ForkedPrograms(ForkingServer):
    """Runs programs, one at a time; a context manager.

    Args:
        project_root: The directory that they run in.
    """

    def __init__(self, project_root: Path) -> None:
        super().__init__(__file__, project_root)

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
        return self.begin(
            environment,
            argv=[str(argument) for argument in argv],
            tiny=tiny,
            obeys_permissions=obeys_permissions,
            fault=fault,
        )

    def train(self, command: Sequence[str], directory: Path) -> Path:
        """Runs a training that must succeed; returns its directory."""
        finished = self(*command, f"--train_log_dir={directory}")
        assert finished.code == 0, finished.err
        return directory

    def __call__(self, *argv: object, **how: Any) -> Finished:
        """Runs a program from its start to its end; see `start`."""
        self.start(*argv, **how)
        return self.wait()


def _run(request: Mapping[str, Any]) -> int:
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
    modules = [entry.partition(":")[0] for entry in PROGRAMS.values()]
    serve([*_LATE_IMPORTS, *modules], _run)
