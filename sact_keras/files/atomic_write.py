"""Files and directories that appear whole or not at all."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

TEMPORARY_PREFIX = ".tmp-"
"""What the name of everything unfinished begins with."""


def atomic_write(path: str | os.PathLike, content: str | bytes) -> None:
    """Writes a file so that a reader, or a crash, never sees half of it.

    Args:
        path: The file, which is replaced where it exists. Its directory must exist.
        content: Text (stored as UTF-8) or bytes.

    Raises:
        OSError: If the file cannot be written. It is then as it was.

    Example:
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     atomic_write(f"{directory}/note.txt", "done")
        ...     os.listdir(directory)
        ['note.txt']
    """
    with atomic_file(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextlib.contextmanager
def atomic_file(path: str | os.PathLike) -> Iterator[BinaryIO]:
    """Opens a file that appears under its name only when it is whole.

    For what is too large to be held: `atomic_write` is shorter where it can be.

    Args:
        path: The file, which is replaced where it exists. Its directory must exist.

    Yields:
        A temporary file beside it, to write bytes into and to read them again. When
        the block ends it is synced to the disk and gets its name; when it ends with an
        error it is removed.

    Raises:
        OSError: If the file cannot be written. It is then as it was.

    Example:
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     with atomic_file(f"{directory}/note.txt") as file:
        ...         _ = file.write(b"done")
        ...         before = Path(directory, "note.txt").exists()
        ...     before, Path(directory, "note.txt").exists()
        (False, True)
    """
    path = Path(path)
    descriptor, temporary = tempfile.mkstemp(
        prefix=f"{TEMPORARY_PREFIX}{path.name}-", dir=path.parent
    )
    try:
        with os.fdopen(descriptor, "w+b") as file:
            # mkstemp makes the file private; a result is as readable as any other.
            os.fchmod(file.fileno(), 0o666 & ~_umask())
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync(path.parent)


@contextlib.contextmanager
def atomic_directory(path: str | os.PathLike) -> Iterator[Path]:
    """Fills a directory so that it appears under its name only when it is whole.

    Args:
        path: The directory, which must not exist. Its parent must.

    Yields:
        A temporary directory beside it, to write plain files into. When the block
        ends they are synced to the disk and the directory gets its name; when it ends
        with an error the directory is removed.

    Raises:
        OSError: If the directory cannot be written.
    """
    path = Path(path)
    temporary = Path(
        tempfile.mkdtemp(prefix=f"{TEMPORARY_PREFIX}{path.name}-", dir=path.parent)
    )
    try:
        temporary.chmod(0o777 & ~_umask())
        yield temporary
        for file in temporary.iterdir():
            sync(file)
        sync(temporary)
        temporary.rename(path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    sync(path.parent)


def sync(path: Path) -> None:
    """Waits until a file or a directory's entries are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
