"""Finds out whether a directory can be written to, before any long work."""

import tempfile
from pathlib import Path


def check_writable(directory: Path, flag: str) -> None:
    """Checks that files can be created in a directory, which need not exist yet.

    Nothing is left behind: where the directory does not exist, the nearest one above
    it that does is tried.

    Args:
        directory: The directory.
        flag: The flag that chooses it, for the error.

    Raises:
        OSError: If they cannot; names the directory and the flag.

    Example:
        >>> check_writable(Path(tempfile.gettempdir()) / "not" / "yet", "--eval_dir")
    """
    nearest = directory.absolute()
    try:
        while not nearest.exists():
            nearest = nearest.parent
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError as error:
        raise OSError(
            error.errno,
            f"{flag} must be where files can be written. "
            f"Received: {directory} ({error.strerror})",
        ) from error
