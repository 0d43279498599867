"""The files of a TensorFlow 1 checkpoint."""

import glob
import os
import re
from pathlib import Path
from typing import Any, NamedTuple

from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.checkpoints.pytorch_files import is_pytorch_file
from sact_keras.checkpoints.tensorflow_index import check_index

# The last eight bytes of a table of LevelDB, which the index of a checkpoint of
# version 2 is, and the whole checkpoint in version 1.
_TABLE_END = (0xDB4775248B80FB57).to_bytes(8, "little")
_NAMED_AS_CHECKPOINT = re.compile(r"\.ckpt(-\d+)?(-\d{5}-of-\d{5})?$")


class TensorFlowFiles(NamedTuple):
    """What lies on the disk under a checkpoint's prefix, all of it there.

    Version 2 of the format is an index (`model.ckpt-1234.index`) and data
    (`model.ckpt-1234.data-00000-of-00001`); version 1 is one file of the prefix's own
    name, or several (`model.ckpt-1234-00000-of-00002`).

    Attributes:
        prefix: What the files' names begin with.
        reader_path: What TensorFlow's reader opens.
        index: The file that says what the checkpoint holds: in version 1, the first.
        data: The files that hold the values.

    Example:
        >>> print(TensorFlowFiles.find("no/such/model.ckpt-1234"))
        None
    """

    prefix: str
    reader_path: str
    index: Path
    data: tuple[Path, ...]

    @classmethod
    def find(cls, prefix: str | os.PathLike) -> "TensorFlowFiles | None":
        """Looks for the checkpoint of a prefix.

        Args:
            prefix: What the files' names begin with.

        Returns:
            Its files, or None if there are none.

        Raises:
            FileNotFoundError: If there are some, but not all; names those missing.
            DamagedFileError: If a table that there must be is none.
        """
        path = Path(prefix)
        index = path.with_name(f"{path.name}.index")
        data = _numbered(path, r"\.data-(\d{5})-of-(\d{5})")
        if index.is_file():
            _check_table(path, index)
            if not data:
                raise _incomplete(path, [f"{path}.data-?????-of-?????"])
            return cls(str(path), str(path), index, _whole(path, data))
        if path.is_file():
            named = _NAMED_AS_CHECKPOINT.search(path.name) and not is_pytorch_file(path)
            if not named and not _is_table(path):
                return None
            _check_table(path, path)
            return cls(str(path), glob.escape(str(path)), path, (path,))
        shards = _numbered(path, r"-(\d{5})-of-(\d{5})")
        # Data sets come in numbered files as well.
        if any(_is_table(file) for file in shards.values()):
            files = _whole(path, shards)
            for file in files:
                _check_table(path, file)
            pattern = f"{glob.escape(str(path))}-?????-of-{len(files):05d}"
            return cls(str(path), pattern, files[0], files)
        if data or path.with_name(f"{path.name}.meta").is_file():
            raise _incomplete(path, [str(index)])
        return None

    def open_reader(self) -> Any:
        """Returns TensorFlow's reader of the checkpoint.

        Raises:
            tf.errors.OpError, IndexError, RuntimeError, ValueError: If it cannot be
                read. The reader's methods raise these as well.
        """
        import tensorflow as tf

        if self.index not in self.data:
            check_index(self.index)
        return tf.train.load_checkpoint(self.reader_path)

    @property
    def all(self) -> tuple[Path, ...]:
        """Every file once."""
        return self.data if self.index in self.data else (self.index, *self.data)


def _numbered(path: Path, suffix: str) -> dict[tuple[int, int], Path]:
    """(count, number) -> a prefix's file whose `suffix` has (number, count)."""
    pattern = re.compile(re.escape(path.name) + suffix)
    files = path.parent.iterdir() if path.parent.is_dir() else ()
    matches = ((pattern.fullmatch(file.name), file) for file in files)
    return {(int(match[2]), int(match[1])): file for match, file in matches if match}


def _whole(path: Path, files: dict[tuple[int, int], Path]) -> tuple[Path, ...]:
    """The files of a count that are all there."""
    missing: list[str] = []
    for count in sorted({count for count, _ in files}):
        numbers = range(count)
        missing = [
            f"{first[: -len('00000-of-00000')]}{number:05d}-of-{count:05d}"
            for first in [str(next(iter(files.values())))]
            for number in numbers
            if (count, number) not in files
        ]
        if not missing:
            return tuple(files[count, number] for number in numbers)
    raise _incomplete(path, missing)


def _is_table(path: Path) -> bool:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - len(_TABLE_END)))
        return file.read() == _TABLE_END


def _check_table(prefix: Path, file: Path) -> None:
    if not _is_table(file):
        raise DamagedFileError(
            f"checkpoint {prefix} is damaged: {file} ({file.stat().st_size} bytes) is "
            "empty, cut short or not of TensorFlow"
        )


def _incomplete(prefix: Path, missing: list[str]) -> FileNotFoundError:
    more = f" (and {len(missing) - 1} more)" if missing[1:] else ""
    return FileNotFoundError(
        f"checkpoint {prefix} is not whole: {missing[0]}{more} is missing"
    )
