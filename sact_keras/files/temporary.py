"""Temporary files and directories, which the next program cleans up after a killed one.

Each lies beside what it is to become, under that name after `TEMPORARY_PREFIX`. Whoever
writes it holds a lock on it, which ends with the process, however it ends: one that is
not locked was left by a killed program, and is written anew.
"""

import contextlib
import errno
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

TEMPORARY_PREFIX = ".tmp-"
"""What the name of everything unfinished begins with."""


@contextlib.contextmanager
def temporary_file(path: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """Opens a temporary file beside `path`, to write into and to read again.

    Args:
        path: What it is to become. Its directory must exist.

    Yields:
        The file, which is empty, and its path. The block may give it another name;
        under the temporary one it is removed at the end.

    Raises:
        OSError: If it cannot be made.

    Example:
        >>> with temporary_file(Path("note.txt")) as (file, temporary):
        ...     temporary.name
        '.tmp-note.txt'
    """
    descriptor, temporary = _make(path, _open_file, tempfile.mkstemp)
    with os.fdopen(descriptor, "w+b") as file:
        try:
            file.truncate()
            yield file, temporary
        finally:
            if _is_at(temporary, descriptor):
                temporary.unlink()


@contextlib.contextmanager
def temporary_directory(path: Path) -> Iterator[Path]:
    """Makes a temporary directory beside `path`.

    Args:
        path: What it, or something in it, is to become. Its parent must exist.

    Yields:
        The directory, which is empty. The block may give it another name; under the
        temporary one it is removed at the end.

    Raises:
        OSError: If it cannot be made.
    """
    descriptor, temporary = _make(path, _open_directory, _make_directory)
    try:
        for left in temporary.iterdir():
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left)
            else:
                left.unlink()
        yield temporary
    finally:
        if _is_at(temporary, descriptor):
            shutil.rmtree(temporary, ignore_errors=True)
        os.close(descriptor)


def _make(
    path: Path,
    open_named: Callable[[Path], int],
    make_other: Callable[..., tuple[int, str]],
) -> tuple[int, Path]:
    """Makes something temporary and locks it; returns its descriptor and its path."""
    temporary = path.with_name(f"{TEMPORARY_PREFIX}{path.name}")
    with contextlib.suppress(OSError):
        while True:
            descriptor = open_named(temporary)
            with contextlib.ExitStack() as stack:
                stack.callback(os.close, descriptor)
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _is_at(temporary, descriptor):
                    stack.pop_all()
                    return descriptor, temporary
            # Renamed or removed by another program before it was locked: again.
    # Another program is writing the same, or the file system knows no locks.
    descriptor, name = make_other(prefix=f"{temporary.name}-", dir=path.parent)
    with contextlib.suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return descriptor, Path(name)


def _open_file(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    descriptor = os.open(path, flags, 0o600)
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        # Of somebody who wants another file of ours to be overwritten.
        os.close(descriptor)
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    return descriptor


def _open_directory(path: Path) -> int:
    with contextlib.suppress(FileExistsError):
        path.mkdir(0o700)
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)


def _make_directory(prefix: str, dir: Path) -> tuple[int, str]:
    name = tempfile.mkdtemp(prefix=prefix, dir=dir)
    return os.open(name, os.O_RDONLY), name


def _is_at(path: Path, descriptor: int) -> bool:
    """Whether a path still leads to what is open."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
