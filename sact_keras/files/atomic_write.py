"""Files and directories that appear whole or not at all."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from sact_keras.files.errors_named import errors_named
from sact_keras.files.temporary import temporary_directory, temporary_file


def atomic_write(path: str | os.PathLike, content: str | bytes | memoryview) -> None:
    """Writes a file so that a reader, or a crash, never sees half of it.

    Args:
        path: The file, which is replaced where it exists. Its directory must exist.
        content: Text (stored as UTF-8) or bytes.

    Raises:
        OSError: If the file cannot be written. It is then as it was.

    Example:
        >>> atomic_write("note.txt", "done")
        >>> Path("note.txt").read_text()
        'done'
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
        >>> with atomic_file("large.txt") as file:
        ...     _ = file.write(b"done")
        ...     before = Path("large.txt").exists()
        >>> before, Path("large.txt").exists()
        (False, True)
    """
    path = Path(path)
    with errors_named(path):
        with temporary_file(path) as (file, temporary):
            # The temporary file is private; a result is as readable as any other.
            os.fchmod(file.fileno(), 0o666 & ~_umask())
            yield file
            file.flush()
            os.fsync(file.fileno())
            temporary.replace(path)
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
    with errors_named(path):
        with temporary_directory(path) as temporary:
            temporary.chmod(0o777 & ~_umask())
            yield temporary
            for file in temporary.iterdir():
                sync(file)
            sync(temporary)
            temporary.rename(path)
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
