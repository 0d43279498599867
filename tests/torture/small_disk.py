"""A file system of a test's own, which is small, full or read-only when it says so."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

PAGE = 4096
MANY_FILES = 10_000


class SmallDisk:
    """A mounted tmpfs.

    Args:
        path: Where it is mounted.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def used(self) -> int:
        """Bytes that its files take, in whole pages."""
        found = os.statvfs(self.path)
        return (found.f_blocks - found.f_bfree) * found.f_frsize

    @property
    def files(self) -> int:
        """Files and directories."""
        found = os.statvfs(self.path)
        return found.f_files - found.f_ffree

    def leave_files(self, number: int) -> None:
        """Lets so many more files and directories be made, and no more."""
        self._remount(f"nr_inodes={self.files + number}")

    def leave(self, free: int) -> None:
        """Makes the disk so small, or so large, that `free` bytes are left."""
        # A size of 0 would mean no limit.
        self._remount(f"size={max(self.used + free, PAGE)},nr_inodes={MANY_FILES}")

    @contextlib.contextmanager
    def read_only(self) -> Iterator[None]:
        """Forbids all writing in the block, but into files that are open already."""
        # The disk itself cannot change while files are open for writing, so a view of
        # it that is read-only is laid over it.
        mount("--bind", str(self.path), str(self.path))
        mount("-o", "remount,bind,ro", str(self.path))
        try:
            yield
        finally:
            unmount(self.path)

    def _remount(self, options: str) -> None:
        mount("-o", f"remount,{options}", str(self.path))


@contextlib.contextmanager
def small_disk(path: Path, free: int = 2**26) -> Iterator[SmallDisk]:
    """Mounts a disk with `free` bytes at a directory, which is made.

    Skips the test where it cannot be mounted.

    Root can, also of a namespace: `unshare --map-root-user --mount python -m pytest`.
    """
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("a file system of its own takes root to mount (or unshare -rm)")
    path.mkdir()
    try:
        mount(
            "-t",
            "tmpfs",
            "-o",
            f"size={free},nr_inodes={MANY_FILES}",
            "none",
            str(path),
        )
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no file system can be mounted: {error.stderr.strip()}")
    try:
        yield SmallDisk(path)
    finally:
        unmount(path)


def mount(*arguments: str) -> None:
    """Calls `mount`; raises a CalledProcessError that holds what it says."""
    subprocess.run(["mount", *arguments], check=True, capture_output=True, text=True)


def unmount(path: Path) -> None:
    """Takes a file system away, from programs that still use it later."""
    subprocess.run(["umount", "--lazy", str(path)], check=True)
