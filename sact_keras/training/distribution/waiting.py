"""Ends a process that waits for others in vain."""

import contextlib
import faulthandler
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def gives_up_after(seconds: float) -> Iterator[None]:
    """Ends the process with exit code 1 if the block takes longer.

    TensorFlow waits for the other processes of a training in code that nothing in
    Python can interrupt, and that lets no other thread of Python run: what ends it
    can say nothing, so whoever waits says beforehand for how long.

    Args:
        seconds: How long the block may take.

    Example:
        >>> with gives_up_after(60.0):
        ...     pass
    """
    with Path(os.devnull).open("w") as nowhere:
        faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
