"""Says which file could not be written, where the error itself does not."""

import contextlib
import errno
import os
from collections.abc import Iterator

from sact_keras.files.temporary import TEMPORARY_PREFIX

_FAILURES = (
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.EIO,
)
"""What the system may say when it does not write."""


@contextlib.contextmanager
def errors_named(path: str | os.PathLike, *others: type[Exception]) -> Iterator[None]:
    """Gives errors of writing the name of the file that was to be written.

    The system's error for a full disk has no name, and other libraries' errors are not
    the system's. What has a name of its own keeps it, unless that is a temporary one.

    Args:
        path: What is written in the block.
        *others: Errors of another library (`tf.errors.OpError`), which become an
            OSError where they quote the system.

    Raises:
        OSError: With `path` as its `filename`.

    Example:
        >>> with errors_named("maps.h5"):
        ...     raise OSError(errno.ENOSPC, "No space left on device")
        Traceback (most recent call last):
            ...
        OSError: [Errno 28] No space left on device: 'maps.h5'
    """
    try:
        yield
    except OSError as error:
        if not _is_nameless(error):
            raise
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error
    except others as error:
        number = _quoted(str(error))
        if number is None:
            raise
        raise OSError(number, os.strerror(number), os.fspath(path)) from error


def _is_nameless(error: OSError) -> bool:
    """Whether an error is the system's, and names no file or a temporary one."""
    if error.errno is None or error.strerror != os.strerror(error.errno):
        return False
    name = error.filename
    return name is None or (
        isinstance(name, str | bytes) and TEMPORARY_PREFIX.encode() in os.fsencode(name)
    )


def _quoted(message: str) -> int | None:
    """The number of the system's error that a message quotes."""
    for number in _FAILURES:
        if os.strerror(number) in message:
            return number
    return None
