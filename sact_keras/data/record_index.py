"""Where every record of a set of TFRecord files begins."""

import dataclasses
import os
import struct
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from tqdm import tqdm

from sact_keras.data.dataset_error import DatasetError

_SECONDS_BEFORE_PROGRESS = 3.0
# The disk's answers are waited for, not the processor's.
_THREADS = 16

# A record: its length (8 bytes), the checksum of the length (4), the data, and the
# data's checksum (4).
_HEADER, _FOOTER = 12, 4


@dataclasses.dataclass(frozen=True)
class RecordIndex:
    """The places of the records of some TFRecord files, in the files' order.

    Attributes:
        files: the files.
        shards: int64 `[n]`: the number of each record's file in `files`.
        offsets: int64 `[n]`: where in its file each record begins, in bytes.
        faults: what was found wrong with files whose readable records are listed.
    """

    files: tuple[Path, ...]
    shards: np.ndarray
    offsets: np.ndarray
    faults: tuple[DatasetError, ...] = ()

    def __len__(self) -> int:
        return len(self.offsets)

    def place(self, index: int) -> tuple[Path, int]:
        """Returns a record's file, and its number in that file, from 0."""
        shard = self.shards[index]
        return self.files[shard], int(index - np.searchsorted(self.shards, shard))


def index_records(
    files: Sequence[Path],
    *,
    description: str,
    stated_lengths: Sequence[int] | None = None,
    skip_bad_records: bool = False,
) -> RecordIndex:
    """Finds the records of some files, by reading their headers alone.

    When it takes more than a few seconds and standard error is a terminal, a
    progress bar is shown.

    Args:
        files: uncompressed TFRecord files, at least one.
        description: what is being read, for the progress bar.
        stated_lengths: the number of records that each file should hold.
        skip_bad_records: whether a damaged file's records before the damage are used,
            and the damage is listed in `RecordIndex.faults`. Otherwise it is an error.

    Returns:
        The places of all records.

    Raises:
        DatasetError: if a file cannot be read or holds no records, and, unless
            `skip_bad_records`, for the first file that is damaged or does not hold
            what it should: names the file and the first record at fault.
    """
    shards: list[np.ndarray] = []
    offsets: list[np.ndarray] = []
    faults: list[DatasetError] = []
    with (
        ThreadPoolExecutor(_THREADS) as pool,
        tqdm(
            total=len(files),
            desc=description,
            unit=" files",
            delay=_SECONDS_BEFORE_PROGRESS,
            disable=None,  # Unless standard error is a terminal.
        ) as progress,
    ):
        for shard, (found, fault) in enumerate(pool.map(_scan, files)):
            if fault is None and stated_lengths is not None:
                fault = _compare(files[shard], len(found), stated_lengths[shard])
            if fault is not None:
                if not skip_bad_records:
                    pool.shutdown(wait=False, cancel_futures=True)
                    raise fault
                faults.append(fault)
            offsets.append(found)
            shards.append(np.full(len(found), shard, np.int64))
            progress.update()
    return RecordIndex(
        tuple(files), np.concatenate(shards), np.concatenate(offsets), tuple(faults)
    )


def _scan(path: Path) -> tuple[np.ndarray, DatasetError | None]:
    """Returns the offsets of a file's readable records, and what ended them early."""
    offsets: list[int] = []
    headers: list[bytes] = []
    offset, damage = 0, None
    try:
        with path.open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            while offset < size:
                header = os.pread(file.fileno(), _HEADER, offset)
                end = offset + _HEADER + _FOOTER
                if len(header) == _HEADER:
                    end += struct.unpack_from("<Q", header)[0]
                    headers.append(header)
                    offsets.append(offset)
                if end > size:
                    damage = "the file ends within it"
                    break
                offset = end
    except OSError as error:
        raise DatasetError(f"cannot be read: {error}", path=path) from error
    wrong = np.flatnonzero(~_lengths_are_intact(headers))
    if wrong.size:
        damage = "the checksum of its length is wrong"
        del offsets[wrong[0] :]
    elif damage is not None and len(offsets) and offsets[-1] == offset:
        offsets.pop()
    found = np.array(offsets, np.int64)
    if damage is not None:
        message = f"the record is corrupt or cut short ({damage})"
        return found, DatasetError(message, path=path, record=len(found))
    if not len(found):
        return found, DatasetError("the file holds no records", path=path)
    return found, None


def _compare(path: Path, found: int, stated: int) -> DatasetError | None:
    if found == stated:
        return None
    return DatasetError(
        f"it holds {found} records, dataset_info.json states {stated}", path=path
    )


def _lengths_are_intact(headers: list[bytes]) -> np.ndarray:
    """Returns whether each header's checksum is that of its length, bool `[n]`."""
    table = np.frombuffer(b"".join(headers), np.uint8).reshape(-1, _HEADER)
    checksum = np.full(len(table), 0xFFFFFFFF, np.uint32)
    for column in range(8):
        checksum = _CRC_TABLE[(checksum ^ table[:, column]) & 0xFF] ^ (checksum >> 8)
    checksum = ~checksum
    # TFRecord's masking: rotated, and a constant added.
    masked = ((checksum >> 15) | (checksum << 17)) + np.uint32(0xA282EAD8)
    stated = np.ascontiguousarray(table[:, 8:]).view("<u4")[:, 0]
    return masked == stated


def _crc_table() -> np.ndarray:
    """Returns the table of CRC-32C (Castagnoli), uint32 `[256]`."""
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(0x82F63B78), table >> 1)
    return table.astype(np.uint32)


_CRC_TABLE = _crc_table()
