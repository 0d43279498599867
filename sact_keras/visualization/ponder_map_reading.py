"""Reads the HDF5 files of ponder maps, ours and the original's."""

import contextlib
import os
from collections.abc import Collection, Iterator
from typing import Any

import h5py
import numpy as np

from sact_keras.visualization.ponder_map_computation import Maps
from sact_keras.visualization.ponder_map_file import BLOCKS_ATTRIBUTE, PIXEL_MAPS


def read_ponder_maps(
    path: str | os.PathLike,
    begin: int = 0,
    end: int | None = None,
    *,
    without: Collection[str] = (),
) -> Maps:
    """Reads maps back as `ponder_maps` has returned them, and what was stored besides.

    Args:
        path: A file of `PonderMapFile`, or of the original.
        begin: The first image.
        end: The image after the last; None for all from `begin` on.
        without: Entries that are not read.

    Returns:
        Name -> an array of those images; texts as an array of `str`.

    Raises:
        OSError: If the file cannot be read, or is not HDF5.
        ValueError: If it holds something else than ponder maps.

    Example:
        >>> from sact_keras.visualization import PonderMapFile, read_ponder_maps
        >>> maps = {"ponder_cost_map": np.ones((3, 4, 6), "float32")}
        >>> with PonderMapFile("maps.h5") as file:
        ...     file.append(maps)
        >>> read_ponder_maps("maps.h5", end=2)["ponder_cost_map"].shape
        (2, 4, 6)
    """
    with _opened(path) as file:
        return {
            name: _as_returned(name, dataset[begin:end])
            for name, dataset in _datasets(file).items()
            if name not in without
        }


def read_ponder_map_batches(
    path: str | os.PathLike, name: str, batch_size: int = 256
) -> Iterator[np.ndarray]:
    """Reads one entry of a file, some images at a time.

    Args:
        path: As in `read_ponder_maps`.
        name: The entry, for instance "ponder_cost_map".
        batch_size: Images at a time.

    Yields:
        What `read_ponder_maps` returns under that name, of the next images.

    Raises:
        OSError: As `read_ponder_maps` does.
        ValueError: Likewise, or if there is no such entry.
    """
    with _opened(path) as file:
        if name not in file:
            raise ValueError(
                f"`name` must be an entry of {path}: {', '.join(_datasets(file))}. "
                f"Received: name={name!r}"
            )
        dataset = file[name]
        for begin in range(0, len(dataset), batch_size):
            yield _as_returned(name, dataset[begin : begin + batch_size])


def read_ponder_map_attributes(path: str | os.PathLike) -> dict[str, Any]:
    """Reads a file's attributes as lists, numbers and strings.

    Args:
        path: As in `read_ponder_maps`.

    Returns:
        `block_scopes`, the blocks' names, and what else was given to the file.

    Raises:
        OSError: As `read_ponder_maps` does.
        ValueError: Likewise.
    """
    with _opened(path) as file:
        return {name: _plain(value) for name, value in file.attrs.items()}


@contextlib.contextmanager
def _opened(path: str | os.PathLike) -> Iterator[h5py.File]:
    with h5py.File(path) as file:
        if BLOCKS_ATTRIBUTE not in file.attrs:
            raise ValueError(
                f"{path} must hold ponder maps, with the attribute "
                f"{BLOCKS_ATTRIBUTE!r}. Received: attributes {sorted(file.attrs)}"
            )
        yield file


def _datasets(file: h5py.File) -> dict[str, h5py.Dataset]:
    found: dict[str, h5py.Dataset] = {}

    def note(name: str, item: h5py.HLObject) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = item

    file.visititems(note)
    return found


def _as_returned(name: str, values: np.ndarray) -> np.ndarray:
    if name in PIXEL_MAPS:
        return values[..., 0]
    if values.dtype.kind == "O":
        return np.array([value.decode() for value in values], dtype=str)
    return values


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode()
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value
