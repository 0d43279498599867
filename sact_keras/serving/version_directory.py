"""Version directories of a SavedModel: whole under their names, or not there."""

import contextlib
import ctypes
import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sact_keras.files.atomic_write import sync
from sact_keras.files.errors_named import errors_named
from sact_keras.files.temporary import TEMPORARY_PREFIX

# Of Linux' fcntl.h and stdio.h.
_CURRENT_DIRECTORY = -100
_EXCHANGE = 2

_PREFIX = f"{TEMPORARY_PREFIX}version-"


def next_version(export_dir: str | os.PathLike) -> int:
    """The highest version in a directory, plus 1; 1 where there is none.

    Example:
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     Path(directory, "7").mkdir()
        ...     next_version(directory)
        8
    """
    directory = Path(export_dir)
    paths = directory.iterdir() if directory.is_dir() else ()
    names = [path.name for path in paths]
    return max((int(name) for name in names if name.isdecimal()), default=0) + 1


def check_version(
    export_dir: str | os.PathLike, version: int | None, *, overwrite: bool
) -> None:
    """Checks that a version can be written, before any work.

    Args:
        export_dir: The directory that holds the versions.
        version: Its number; None for the next one, which is never there.
        overwrite: Whether one that is there may be replaced.

    Raises:
        ValueError: If the version is not a whole number of at least 1.
        FileExistsError: If it is there and is not to be replaced.
    """
    if version is None:
        return
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise ValueError(
            f"version must be a whole number, at least 1. Received: version={version!r}"
        )
    final = Path(export_dir) / str(version)
    if final.exists() and not overwrite:
        raise _already_there(final)


@contextlib.contextmanager
def version_directory(
    export_dir: str | os.PathLike, version: int, *, overwrite: bool = False
) -> Iterator[Path]:
    """Fills a version so that it appears under its number only when it is whole.

    Until then it lies in a hidden directory beside, at which TensorFlow Serving does
    not look. One that a killed export has left there is removed by the next export.

    Args:
        export_dir: The directory that holds the versions; made where there is none.
        version: At least 1.
        overwrite: Whether a version that is there already is replaced: it stays until
            the new one is whole, and then both change places.

    Yields:
        The directory to fill. When the block ends it is synced to the disk and gets its
        name; when the block ends with an error, it is removed.

    Raises:
        ValueError: If the version is not a whole number of at least 1.
        FileExistsError: If it is there and is not to be replaced.
        OSError: If it cannot be written.

    Example:
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     with version_directory(directory, 1) as temporary:
        ...         _ = (temporary / "saved_model.pb").write_bytes(b"")
        ...     os.listdir(directory)
        ['1']
    """
    check_version(export_dir, version, overwrite=overwrite)
    export_dir = Path(export_dir)
    final = export_dir / str(version)
    with errors_named(final):
        export_dir.mkdir(parents=True, exist_ok=True)
        _remove_stale(export_dir)
        temporary = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=export_dir))
        with _held(temporary):
            try:
                yield temporary
                # mkdtemp makes it private; a server may be another user.
                temporary.chmod(export_dir.stat().st_mode & 0o777)
                for path in [*temporary.rglob("*"), temporary]:
                    sync(path)
                _put_in_place(temporary, final, overwrite=overwrite)
            finally:
                # Nothing, where it has its name; else what is unfinished or replaced.
                shutil.rmtree(temporary, ignore_errors=True)
        sync(export_dir)


def _put_in_place(temporary: Path, final: Path, *, overwrite: bool) -> None:
    if overwrite and final.exists():
        _exchange(temporary, final)
        return
    try:
        temporary.rename(final)
    except OSError as error:
        # Another export was quicker.
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise _already_there(final) from error
        raise


def _exchange(first: Path, second: Path) -> None:
    """Lets two directories change names, at once where the system can do that."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    names = [os.fsencode(path.absolute()) for path in (first, second)]
    if rename is not None:
        at = ctypes.c_int(_CURRENT_DIRECTORY)
        if rename(at, names[0], at, names[1], ctypes.c_uint(_EXCHANGE)) == 0:
            return
    aside = first.with_name(f"{first.name}-old")
    second.rename(aside)
    try:
        first.rename(second)
    except BaseException:
        aside.rename(second)
        raise
    aside.rename(first)


@contextlib.contextmanager
def _held(directory: Path) -> Iterator[None]:
    """Holds a lock on a directory, which ends with the process, however it ends."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _remove_stale(export_dir: Path) -> None:
    """Removes what exports that were killed have left; those under way hold a lock."""
    for path in export_dir.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            descriptor = os.open(path, os.O_RDONLY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(descriptor)


def _already_there(final: Path) -> FileExistsError:
    return FileExistsError(
        errno.EEXIST,
        "version must be one that is not there yet, unless it is to be overwritten "
        f"(--overwrite). Received: {final}",
    )
