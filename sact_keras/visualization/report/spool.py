"""Texts that wait on the disk until it is known which are wanted."""

import os
import tempfile
from types import TracebackType


class Spool:
    """Numbered texts in a temporary file, which goes when the spool is closed.

    Args:
        directory: Where to put the file.

    Example:
        >>> with Spool(".") as spool:
        ...     spool.add(7, "seven", "7")
        ...     spool.add(8, "eight", "8")
        ...     spool.read(7)
        ['seven', '7']
    """

    def __init__(self, directory: str | os.PathLike[str]) -> None:
        self._file = tempfile.TemporaryFile(dir=directory)  # noqa: SIM115
        self._places: dict[int, tuple[int, list[int]]] = {}

    def add(self, number: int, *texts: str) -> None:
        """Puts texts aside under a number."""
        # A file's name may hold bytes that are no text, which UTF-8 cannot say.
        encoded = [text.encode("utf-8", "replace") for text in texts]
        self._file.seek(0, os.SEEK_END)
        place = self._file.tell()
        self._file.writelines(encoded)
        self._places[number] = place, [len(text) for text in encoded]

    def read(self, number: int) -> list[str]:
        """Gives back what was put aside under a number."""
        place, lengths = self._places[number]
        self._file.seek(place)
        return [self._file.read(length).decode() for length in lengths]

    def __enter__(self) -> "Spool":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()
