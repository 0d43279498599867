"""Zip archives of weights: checked before the libraries that read them are let in."""

import zipfile
from typing import BinaryIO

# Weights hardly become smaller. A megabyte of zeros becomes a kilobyte, and a file of
# a gigabyte a whole machine's memory.
_LARGEST_EXPANSION = 16


class ArchiveError(ValueError):
    """An archive that need not be read. Its message is the reason."""


def check_archive(file: BinaryIO) -> list[str]:
    """Looks at what Keras and PyTorch do not, or late: an archive's checksums.

    Args:
        file: The archive.

    Returns:
        The names of its members.

    Raises:
        ArchiveError: If a member is not what was written, if several have one name, or
            if they would take far more room than the archive does.
        Exception: Of many kinds, if it is no archive: of bytes that are altered,
            `zipfile` may say anything.

    Example:
        >>> import io
        >>> file = io.BytesIO()
        >>> with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        ...     archive.writestr("zeros", bytes(10**6))
        >>> check_archive(file)
        Traceback (most recent call last):
            ...
        sact_keras.checkpoints.archive.ArchiveError: its ... bytes would become \
1,000,000
    """
    size = file.seek(0, 2)
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        names = [member.filename for member in members]
        # Readers differ in which of them they take.
        if repeated := {name for name in names if names.count(name) > 1}:
            raise ArchiveError(f"it holds several parts {min(repeated)}")
        unpacked = sum(member.file_size for member in members)
        if unpacked > _LARGEST_EXPANSION * size:
            raise ArchiveError(f"its {size:,} bytes would become {unpacked:,}")
        if altered := archive.testzip():
            raise ArchiveError(f"its part {altered} is not what was written")
    file.seek(0)
    return names
