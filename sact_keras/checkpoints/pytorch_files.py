"""The files that PyTorch writes: known by their content, read without running code."""

import os
import re
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

from sact_keras.checkpoints.archive import ArchiveError, check_archive
from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.checkpoints.missing_extra_error import MissingExtraError

# Since 1.6 a file is a zip archive of one folder, with the pickle in it.
_ARCHIVE = b"PK\x03\x04"
_PICKLE = re.compile(r"[^/]+/data\.pkl")
_SCRIPT = re.compile(r"[^/]+/constants\.pkl")
# Before, it was a series of pickles, of which the first is this number.
_MAGIC = (0x1950A86A20F9469CFC6C).to_bytes(10, "little")
_OLD_FILE = re.compile(
    rb"(?s)\x80[\x02-\x05](\x95.{8})?\x8a\x0a" + re.escape(_MAGIC) + rb"\."
)
_LONGEST_START = 4096

SAFE_VERSION = (2, 10)
"""The first PyTorch whose `weights_only=True` is known to keep its promise.

Files made for the purpose could get around it before: CVE-2025-32434 and
CVE-2026-24747.
"""


def is_pytorch_file(path: str | os.PathLike) -> bool:
    """Whether a file is PyTorch's, whole or cut short, whatever its name.

    Needs no PyTorch.

    Args:
        path: What may be a file, a directory, or nothing.

    Example:
        >>> is_pytorch_file("no/such/model_best.pth.tar")
        False
    """
    path = Path(path)
    if not path.is_file():
        return False
    with path.open("rb") as file:
        start = file.read(_LONGEST_START)
        if not start.startswith(_ARCHIVE):
            return _OLD_FILE.match(start) is not None
        try:
            with zipfile.ZipFile(file) as archive:
                names = archive.namelist()
        # Bytes that are altered may lead anywhere.
        except Exception:
            # The table of contents is at the end, PyTorch's pickle at the start.
            length = int.from_bytes(start[26:28], "little")
            names = [start[30 : 30 + length].decode(errors="replace")]
    return any(map(_PICKLE.fullmatch, names))


def read_pytorch_file(path: str | os.PathLike) -> Any:
    """Reads tensors and plain values, and nothing that could run code.

    Args:
        path: A file that `is_pytorch_file` knows.

    Returns:
        What was saved; its tensors are on the CPU.

    Raises:
        DamagedFileError: If the file is cut short or altered, or holds anything but
            tensors and plain values.
        MissingExtraError: If there is no PyTorch, or one that is not safe.
    """
    path = Path(path)
    torch = _import_torch(path)
    with path.open("rb") as file:
        try:
            _check_archive(file)
            # Of the file rather than the path, whose suffix would be looked at.
            return torch.load(file, map_location="cpu", weights_only=True)
        except Exception as error:  # Bytes that are altered may lead anywhere.
            raise DamagedFileError(
                f"{path} cannot be read as a checkpoint of PyTorch: {_reason(error)}"
            ) from error


def _import_torch(path: Path) -> ModuleType:
    try:
        import torch
    except ImportError:
        received = "no PyTorch"
    else:
        numbers = re.findall(r"\d+", torch.__version__)[:2]
        if tuple(map(int, numbers)) >= SAFE_VERSION:
            return torch
        received = f"PyTorch {torch.__version__}, which such a file could misuse"
    needed = ".".join(map(str, SAFE_VERSION))
    raise MissingExtraError(
        f"the checkpoint {path} is of PyTorch, which must be installed to read it, in "
        f"version {needed} or newer: pip install 'sact_keras[import]'. "
        f"Received: {received}"
    )


def _check_archive(file: BinaryIO) -> None:
    is_archive = file.read(len(_ARCHIVE)) == _ARCHIVE
    file.seek(0)
    if is_archive and any(map(_SCRIPT.fullmatch, check_archive(file))):
        raise ArchiveError("it is an archive of TorchScript, which is a program")


def _reason(error: Exception) -> str:
    """What PyTorch's message says, without its advice to read the file unsafely."""
    text = str(error)
    if isinstance(error, ArchiveError):
        return text
    if named := re.search(r"GLOBAL (\S+)", text):
        return (
            f"it holds {named[1]}, and only tensors and plain values are read, because "
            "anything else could run code"
        )
    text = re.sub(r"(?s)^Weights only load failed\..*?\n\n", "", text)
    detail = re.split(r"\. |\.?\n", text)[0] or type(error).__name__
    return f"it is cut short or altered, or holds what is not read ({detail})"
