"""The HDF5 file of ponder maps, as the original lays it out."""

import contextlib
import os
from collections.abc import Mapping, Sequence
from typing import Any

import h5py
import numpy as np

from sact_keras.files.atomic_write import atomic_file
from sact_keras.visualization.fault_keeping_file import FaultKeepingFile
from sact_keras.visualization.ponder_map_computation import block_names

BLOCKS_ATTRIBUTE = "block_scopes"
PIXEL_MAPS = ("ponder_cost_map", "num_units_map")
"""What the original stores as [N, H, W, 1], with an axis more than it has here."""

CHUNK_BYTES = 2**18


class PonderMapFile(contextlib.AbstractContextManager):
    """Writes maps into an HDF5 file, a batch at a time.

    The keys and shapes are the original's: `images`, `flops`, `<block>/ponder_cost`,
    `<block>/num_units`, `<block>/halting_distribution`, `<block>/flops`, and
    `ponder_cost_map` and `num_units_map` as [N, H, W, 1]; what `ponder_maps` returns
    besides, and `extras`, stand beside them. All images have one size. The first axis
    of each dataset is the images; each is compressed by lzf in chunks of whole images
    and grows with every batch, so that memory does not.

    The file is written under a temporary name beside its own, which it gets at the end
    of the `with` block. A block that ends with an error leaves nothing.

    Args:
        path: The file, replaced where it exists. Its directory must exist.
        attributes: What the file's attributes are besides `block_scopes`, the blocks'
            names: numbers, strings or lists of them.

    Attributes:
        num_images: Images written so far.

    Raises:
        OSError: If the file cannot be written.

    Example:
        >>> maps = {"flops": np.array([7, 9]), "block_1/flops": np.array([5, 6])}
        >>> with PonderMapFile("maps.h5", {"model_type": "act"}) as file:
        ...     file.append(maps, {"file_names": ["a.jpg", "b.jpg"]})
        >>> with h5py.File("maps.h5") as file:
        ...     list(file.attrs["block_scopes"]), file["block_1/flops"][:]
        (['block_1'], array([5, 6]))
    """

    def __init__(
        self, path: str | os.PathLike, attributes: Mapping[str, Any] | None = None
    ) -> None:
        self.num_images = 0
        with contextlib.ExitStack() as stack:
            self._target = FaultKeepingFile(stack.enter_context(atomic_file(path)))
            stack.push(self._check_whole)
            self._file = stack.enter_context(h5py.File(self._target, "w"))
            for name, value in (attributes or {}).items():
                self._file.attrs[name] = value
            self._stack = stack.pop_all()

    def __exit__(self, *error: Any) -> None:
        """Closes the file, and gives it its name if there was no error."""
        self._stack.__exit__(*error)

    def _check_whole(self, kind: type[BaseException] | None, *error: Any) -> None:
        """Between the closing of the file and its naming."""
        if kind is None:
            self._target.check()

    def append(
        self,
        maps: Mapping[str, np.ndarray],
        extras: Mapping[str, Sequence | np.ndarray] | None = None,
    ) -> None:
        """Writes a batch of images.

        Args:
            maps: What `ponder_maps` returns, of any number of images.
            extras: Further entries, one value an image: file names, labels.

        Raises:
            ValueError: If the entries are not of equally many images, or are not those
                of the batches before, in name, type and shape of an image.
            OSError: If they cannot be written.
        """
        columns = {name: _as_stored(name, values) for name, values in maps.items()}
        columns |= {name: np.asarray(values) for name, values in (extras or {}).items()}
        lengths = {name: len(values) for name, values in columns.items()}
        if len(set(lengths.values())) != 1:
            raise ValueError(
                "`maps` and `extras` must be of equally many images. "
                f"Received: {lengths}"
            )
        if not self.num_images:
            self._file.attrs[BLOCKS_ATTRIBUTE] = block_names(maps)
            for name, values in columns.items():
                self._create(name, values)
        self._check(columns)
        end = self.num_images + next(iter(lengths.values()))
        for name, values in columns.items():
            dataset = self._file[name]
            dataset.resize(end, axis=0)
            dataset[self.num_images :] = values
            self._target.check()
        self.num_images = end

    def _create(self, name: str, values: np.ndarray) -> None:
        is_text = values.dtype.kind == "U"
        row_bytes = max(values[0].nbytes, 1)
        self._file.create_dataset(
            name,
            shape=(0, *values.shape[1:]),
            maxshape=(None, *values.shape[1:]),
            chunks=(max(1, min(CHUNK_BYTES // row_bytes, 1024)), *values.shape[1:]),
            dtype=h5py.string_dtype() if is_text else values.dtype,
            compression="lzf",
        )

    def _check(self, columns: Mapping[str, np.ndarray]) -> None:
        stored: dict[str, h5py.Dataset] = {}
        self._file.visititems(
            lambda name, item: (
                stored.update({name: item}) if isinstance(item, h5py.Dataset) else None
            )
        )
        if set(stored) != set(columns):
            raise ValueError(
                f"`maps` must have the entries of the batches before, {sorted(stored)}."
                f" Received: {sorted(columns)}"
            )
        for name, values in columns.items():
            if stored[name].shape[1:] != values.shape[1:]:
                raise ValueError(
                    f"`maps[{name!r}]` must have shape [N, "
                    f"{', '.join(map(str, stored[name].shape[1:]))}], as in the "
                    f"batches before. Received: shape {list(values.shape)}"
                )


def _as_stored(name: str, values: np.ndarray) -> np.ndarray:
    return values[..., np.newaxis] if name in PIXEL_MAPS else values
