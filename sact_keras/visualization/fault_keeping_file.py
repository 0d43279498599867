"""A file for HDF5 to write to, which seems never to fail."""

import io
import os
from typing import BinaryIO


class FaultKeepingFile(io.RawIOBase):
    """Keeps the error of a write, and goes on as if there had been none.

    HDF5 keeps parts of a file until it is closed. Told that the disk is full, it cannot
    close the file, tries again when the program ends, and ends it by a segmentation
    fault. So it is not told: whoever lets it write asks `check` in its place.

    Args:
        file: An empty file, open for reading and writing.

    Example:
        >>> import h5py, tempfile
        >>> with tempfile.TemporaryFile() as file:
        ...     target = FaultKeepingFile(file)
        ...     with h5py.File(target, "w") as maps:
        ...         maps["flops"] = [7, 9]
        ...     target.check()
    """

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._descriptor = file.fileno()
        self._position = 0
        self._fault: OSError | None = None

    def check(self) -> None:
        """Raises the first error that was kept, if any was."""
        if self._fault is not None:
            raise self._fault

    def write(self, data: memoryview) -> int:
        """Writes all bytes, or keeps the error."""
        left, place = memoryview(data).cast("B"), self._position
        self._position += len(left)
        number = len(left)
        try:
            while left and self._fault is None:
                written = os.pwrite(self._descriptor, left, place)
                left, place = left[written:], place + written
        except OSError as error:
            self._fault = error
        return number

    def readinto(self, buffer: memoryview) -> int:
        """Reads; what was not written reads as zeros."""
        found = os.pread(self._descriptor, len(buffer), self._position)
        buffer[: len(found)] = found
        buffer[len(found) :] = bytes(len(buffer) - len(found))
        self._position += len(buffer)
        return len(buffer)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Moves to a place counted from the start, from here or from the end."""
        starts = {os.SEEK_SET: 0, os.SEEK_CUR: self._position}
        if whence == os.SEEK_END:
            starts[whence] = os.fstat(self._descriptor).st_size
        self._position = starts[whence] + offset
        return self._position

    def tell(self) -> int:
        """The place."""
        return self._position

    def truncate(self, size: int) -> int:
        """Makes the file so long, or keeps the error."""
        try:
            os.truncate(self._descriptor, size)
        except OSError as error:
            self._fault = self._fault or error
        return size
