"""Ends any program in good order, and in time, when it is asked to."""

import contextlib
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any, Self

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""What a user (Ctrl-C) and a system that wants its machine back send."""

GRACE_SECONDS = 25.0
"""When a program ends by itself after a signal: systems kill it after 30 seconds."""

REPEAT_SECONDS = 1.0
"""Until when a second signal is the first once more.

`timeout` signals the program and then its process group, which it belongs to.
"""


RAISE_AGAIN_SECONDS = 0.02
"""After what time an exception is raised again that Python has dropped."""


class Stopped(KeyboardInterrupt):
    """Raised in the main thread by a signal.

    Args:
        number: The signal's number.

    Attributes:
        dropped: Whether Python has dropped it. It does so with what is raised in a
            finalizer or a callback of the garbage collector, which run at any moment,
            and only says that it has.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number
        self.dropped = False


class StopSignals(contextlib.AbstractContextManager):
    """Handles SIGINT and SIGTERM; a context manager around all that a program does.

    The first signal raises a `Stopped` in the main thread, so that what is unfinished
    is removed (a training sets a handler of its own meanwhile, `StopOnSignal`), and
    raises it again where Python drops it. While modules are imported, which may catch
    it and where nothing is unfinished, the program ends at once. It also does at a
    second signal, and when `seconds` after the first it has still not ended: neither
    Python's handlers nor its exceptions reach a main thread that compiles a network
    for minutes.

    Args:
        seconds: From the first signal to the end at the latest.

    Attributes:
        received: The first signal's number, or None.

    Example:
        >>> with StopSignals() as stop:
        ...     try:
        ...         signal.raise_signal(signal.SIGTERM)
        ...     except KeyboardInterrupt:
        ...         print(128 + stop.received)
        143
    """

    def __init__(self, seconds: float = GRACE_SECONDS) -> None:
        self.seconds = seconds
        self.received: int | None = None
        self._raised: Stopped | None = None
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        if threading.current_thread() is not threading.main_thread():
            return self  # Signals are the main thread's, and whoever has started it.
        reader, writer = socket.socketpair()
        writer.setblocking(False)
        # Written to at once, whatever the main thread is doing.
        previous = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        self._stack.callback(writer.close)
        self._stack.callback(signal.set_wakeup_fd, previous)
        for number in STOP_SIGNALS:
            handler = signal.signal(number, self._receive)
            self._stack.callback(signal.signal, number, handler)
        self._stack.callback(setattr, sys, "unraisablehook", sys.unraisablehook)
        sys.unraisablehook = self._raise_again
        threading.Thread(target=self._watch, args=(reader,), daemon=True).start()
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.close()

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self._raised is not None and not self._raised.dropped:
            return
        if self.received is None:
            self.received = number
        if _is_importing(frame):
            os._exit(128 + self.received)
        self._raised = Stopped(self.received)
        raise self._raised

    def _raise_again(self, dropped: Any) -> None:
        """Is told of each exception that Python drops (`sys.unraisablehook`)."""
        error = dropped.exc_value
        if not isinstance(error, Stopped):
            sys.__unraisablehook__(dropped)
            return
        error.dropped = True
        # Not now: it would be dropped, too.
        main = threading.main_thread().ident
        again = threading.Timer(
            RAISE_AGAIN_SECONDS, signal.pthread_kill, (main, error.number)
        )
        again.daemon = True
        again.start()

    def _watch(self, reader: socket.socket) -> None:
        """Ends the program when it is time; in a thread of its own."""
        with reader:
            first = _next_stop_signal(reader)
            if first is None:
                return
            first_at = time.monotonic()
            while True:
                left = first_at + self.seconds - time.monotonic()
                reader.settimeout(max(left, 1e-3))
                try:
                    again = _next_stop_signal(reader)
                except TimeoutError:
                    _end(first, f"not ended {self.seconds:g} s after signal {first}")
                if again is None:
                    return
                if time.monotonic() - first_at > REPEAT_SECONDS:
                    _end(again, f"a second signal, {again}")


def _next_stop_signal(reader: socket.socket) -> int | None:
    """Waits for a signal's number; None when signals are no longer handled."""
    while received := reader.recv(1):
        if received[0] in STOP_SIGNALS:
            return received[0]
    return None


def _end(number: int, reason: str) -> None:
    # Past Python's streams, which the main thread may be holding.
    with contextlib.suppress(OSError):
        os.write(2, f"\n{Path(sys.argv[0]).name}: {reason}: ends now\n".encode())
    os._exit(128 + number)


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_globals.get("__name__") == "importlib._bootstrap":
            return True
        frame = frame.f_back
    return False
