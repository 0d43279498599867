"""Ends a process that waits for others in vain."""

import contextlib
import os
import sys
import threading
from collections.abc import Iterator

_FAILURE = 1


@contextlib.contextmanager
def gives_up_after(seconds: float, message: str) -> Iterator[None]:
    """Ends the process if the block takes longer.

    TensorFlow waits for the other processes of a training in code that nothing can
    interrupt: there is no exception to be raised there.

    Args:
        seconds: How long the block may take.
        message: What is said then on standard error; the exit code is 1.

    Example:
        >>> with gives_up_after(60.0, "the others have not come"):
        ...     pass
    """

    def give_up() -> None:
        print(f"main.py: error: {message}.", file=sys.stderr, flush=True)
        os._exit(_FAILURE)

    timer = threading.Timer(seconds, give_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
