"""Counts what a process does to files, and kills it amid that."""

import os
import signal
import sys
import threading
from pathlib import Path

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_PATHS = {
    "open": 1,
    "os.chmod": 1,
    "os.mkdir": 1,
    "os.remove": 1,
    "os.rename": 2,
    "os.rmdir": 1,
    "os.symlink": 2,
    "os.truncate": 1,
}
"""How many of an audit event's first arguments are paths."""


class FileOperations:
    """An audit hook (`sys.addaudithook`) that is told of each operation on files.

    Those within a directory count, if they write, and each `os.fsync`. Writing into a
    file that is open is not told, which is why a kill may come after an operation: by
    function calls, which hits what takes microseconds, or by seconds, for what C code
    takes long over.

    Args:
        directory: Which files count.
        log: A file to which a line is added at each operation.
        kill_at: The operation, from 1, before which the process kills itself.
        calls: Calls of functions and returns by which it does so later.
        seconds: Likewise, if there are no calls.
    """

    def __init__(
        self,
        directory: str,
        log: str | None = None,
        kill_at: int | None = None,
        calls: int = 0,
        seconds: float = 0.0,
    ) -> None:
        self.directory = f"{Path(directory).absolute()}/"
        self.log = log and os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.kill_at = kill_at
        self.calls = calls
        self.seconds = seconds
        self.count = 0
        fsync = os.fsync

        def counted_fsync(descriptor: int) -> None:
            self._note("os.fsync", str(descriptor))
            fsync(descriptor)

        os.fsync = counted_fsync

    def __call__(self, event: str, arguments: tuple) -> None:
        if event not in _PATHS or (event == "open" and not arguments[2] & _WRITES):
            return
        paths = arguments[: _PATHS[event]]
        if any(self._is_within(path) for path in paths):
            self._note(event, " ".join(map(str, paths)))

    def _is_within(self, path: object) -> bool:
        if not isinstance(path, str | bytes | os.PathLike):
            return False
        return f"{Path(os.fsdecode(path)).absolute()}/".startswith(self.directory)

    def _note(self, event: str, what: str) -> None:
        self.count += 1
        if self.log is not None:
            os.write(self.log, f"{event} {what}\n".encode())
        if self.count == self.kill_at:
            if self.calls:
                sys.setprofile(self._count_calls)
            elif self.seconds:
                threading.Timer(self.seconds, _kill).start()
            else:
                _kill()

    def _count_calls(self, *event: object) -> None:
        self.calls -= 1
        if not self.calls:
            _kill()


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
