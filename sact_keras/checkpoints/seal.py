"""A checksum before the bytes of an HDF5 file, which has none of its numbers."""

import hashlib
from pathlib import Path

from sact_keras.checkpoints.damaged_file_error import DamagedFileError

_HDF5 = b"\x89HDF\r\n\x1a\n"
_MARK = b"sact_keras weights, SHA-256: "

# What comes before HDF5 is a block of its user, of this size or a multiple of it.
_BLOCK = 512


def seal(content: bytes | memoryview) -> bytes:
    """Puts the checksum of an HDF5 file before it, where every reader passes it by.

    Args:
        content: The file.

    Returns:
        The file with a block of its user, which is 512 bytes longer.

    Example:
        >>> seal(b"what HDF5 writes")[:29]
        b'sact_keras weights, SHA-256: '
    """
    block = _MARK + hashlib.sha256(content).hexdigest().encode()
    return block.ljust(_BLOCK, b"\0") + content


def check_seal(path: Path) -> None:
    """Compares a file with its seal, if it is HDF5 and has one.

    Raises:
        DamagedFileError: If the file or its seal is not what was written, or if what
            comes before the HDF5 is no seal. Keras puts nothing there.
    """
    with path.open("rb") as file:
        block = file.read(_BLOCK)
        if block.startswith(_HDF5) or file.read(len(_HDF5)) != _HDF5:
            return
        file.seek(_BLOCK)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if block != (_MARK + digest.encode()).ljust(_BLOCK, b"\0"):
        raise DamagedFileError(
            f"{path} is damaged: its weights do not have the checksum that they were "
            "written with"
        )
