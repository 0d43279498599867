"""Finds out whether a directory can be written to, before any long work."""

import tempfile
from pathlib import Path


def check_writable(directory: Path) -> None:
    """Checks that files can be created in a directory, which need not exist yet.

    Nothing is left behind: where the directory does not exist, the nearest one above
    it that does is tried.

    Raises:
        OSError: If they cannot; names the directory.

    Example:
        >>> check_writable(Path(tempfile.gettempdir()) / "not" / "yet")
    """
    nearest = directory.absolute()
    while not nearest.exists():
        nearest = nearest.parent
    try:
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError as error:
        raise OSError(
            error.errno, f"cannot write to the directory {directory} ({error.strerror})"
        ) from error
