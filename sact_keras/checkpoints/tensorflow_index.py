"""Looks at the index of a TensorFlow checkpoint before TensorFlow does.

TensorFlow trusts the checksums of an index. Where they are right and an entry makes no
sense it does not raise an error: it ends the program.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_FOOTER = 48
_BLOCK_TRAILER = 5  # How a block is compressed, and its checksum.
_HEADER_KEY = b""
_MOST_DIMENSIONS = 8
_MOST_ELEMENTS = 2**40

# TensorFlow's numbers for its types of numbers and of text, less those of references.
_TYPES = (*range(1, 20), 22, 23)


class TableError(ValueError):
    """A table that TensorFlow must not open. Its message is the reason."""


def check_index(path: Path) -> None:
    """Reads all entries of an index of version 2.

    Args:
        path: The file, which ends as a table does.

    Raises:
        TableError: If an entry is not one of a tensor.
    """
    from tensorflow.core.protobuf.tensor_bundle_pb2 import BundleEntryProto

    try:
        for key, value in _entries(path.read_bytes()):
            if key != _HEADER_KEY:
                _check_entry(BundleEntryProto.FromString(value))
    except TableError:
        raise
    except Exception as error:  # Bytes that are altered may lead anywhere.
        raise TableError(f"an entry is not as it should be: {error!r}") from error


def _check_entry(entry: Any) -> None:
    sizes = [dimension.size for dimension in entry.shape.dim]
    if (
        entry.shape.unknown_rank
        or len(sizes) > _MOST_DIMENSIONS
        or any(size < 0 for size in sizes)
        or math.prod(sizes) > _MOST_ELEMENTS
    ):
        raise TableError(f"an entry is of the shape {sizes}")
    if entry.dtype not in _TYPES:
        raise TableError(f"an entry is of the type {entry.dtype}")
    # Of tensors in parts, which SACT's never are.
    if entry.slices:
        raise TableError("an entry is of a tensor in parts")


def _entries(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a table of LevelDB, in their order."""
    place = len(content) - _FOOTER
    for _ in range(2):  # Past the place of the table's metadata.
        _, place = _varint(content, place)
    for _, handle in _block_entries(_block(content, content, place)):
        yield from _block_entries(_block(content, handle, 0))


def _block(content: bytes, handle: bytes, place: int) -> bytes:
    """The block that is where a handle says."""
    offset, place = _varint(handle, place)
    size, _ = _varint(handle, place)
    block = content[offset : offset + size + _BLOCK_TRAILER]
    if len(block) != size + _BLOCK_TRAILER or block[size] != 0:
        raise TableError("a block is cut short, or compressed")
    return block[:size]


def _block_entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a block: a key begins as much of the one before it does."""
    restarts = int.from_bytes(block[-4:], "little")
    end = len(block) - 4 * (restarts + 1)
    key, place = b"", 0
    while place < end:
        shared, place = _varint(block, place)
        unshared, place = _varint(block, place)
        length, place = _varint(block, place)
        key = key[:shared] + block[place : place + unshared]
        place += unshared
        yield key, block[place : place + length]
        place += length
    if place != end:
        raise TableError("a block does not end where it should")


def _varint(content: bytes, place: int) -> tuple[int, int]:
    """A number in groups of seven bits, and where it ends."""
    value = shift = 0
    while True:
        byte = content[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place
        if shift >= 64:
            raise TableError("a number has no end")
