"""Reads weights that Keras has written: ours, or any `.weights.h5` and `.keras`."""

import contextlib
import io
import os
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import h5py
import keras
import numpy as np

from sact_keras.checkpoints.archive import check_archive
from sact_keras.checkpoints.assignment import (
    Stored,
    assign_variables,
    weights_by_path,
)
from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.checkpoints.network_description import PROGRESS
from sact_keras.checkpoints.saved_checkpoint import WEIGHTS_FILE, SavedCheckpoint
from sact_keras.checkpoints.seal import check_seal

_OPTIMIZER = "optimizer/"
"""Group of a Keras file with the state of the optimizer."""


def load_native(
    model: keras.Model,
    path: str | os.PathLike,
    *,
    skip_decisions: bool = False,
    only_decisions: bool = False,
    skip_classifier: bool = False,
) -> None:
    """Loads weights into a model, all or none.

    Variables are matched by the names of the layers that hold them, not by the
    attributes of the Python objects, so that a vanilla network's weights find their
    places in an adaptive one.

    Args:
        model: A built model.
        path: One of our checkpoints' directories, a `.weights.h5` or a `.keras` file.
        skip_decisions: Whether the layers that decide (halting branches, gates,
            maskers, the policy network) are left as they are, to start an adaptive
            model from a vanilla one.
        only_decisions: Whether all others are left as they are.
        skip_classifier: Whether the layer of the classes is left as it is.

    Raises:
        CheckpointMismatchError: If the file is of another architecture; names the
            variables that differ. The model is then as it was.
        DamagedFileError: If the file is not one that Keras has written, or one of a
            checkpoint's files is not what was written.
        FileNotFoundError: If there is no such file.

    Example:
        >>> import tempfile
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     model.save_weights(f"{directory}/dense.weights.h5")
        ...     load_native(model, f"{directory}/dense.weights.h5")
    """
    path = Path(path)
    if path.is_dir():
        path = SavedCheckpoint.open(path).weights_path
    variables = weights_by_path(model)
    with _open_weights(path) as file:
        with _damage_named(path):
            arrays = _saved_arrays(file, names=variables)

        def read(name: str) -> np.ndarray:
            with _damage_named(path):
                return arrays[name][()]

        assign_variables(
            path,
            {
                name: Stored(variable, tuple(variable.shape))
                for name, variable in variables.items()
            },
            {name: array.shape for name, array in arrays.items()},
            read,
            skip_decisions=skip_decisions,
            only_decisions=only_decisions,
            skip_classifier=skip_classifier,
        )


@contextlib.contextmanager
def _open_weights(path: Path) -> Iterator[h5py.File]:
    if not path.is_file():
        raise FileNotFoundError(f"no file of weights at {path}")
    with _damage_named(path):
        if zipfile.is_zipfile(path):
            with path.open("rb") as stream, zipfile.ZipFile(stream) as archive:
                check_archive(stream)
                source = io.BytesIO(archive.read(WEIGHTS_FILE))
        else:
            check_seal(path)
            source = path
        file = h5py.File(source, "r")
    with file:
        yield file


@contextlib.contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    """Says of all that reading the file may raise which file it is."""
    try:
        yield
    except DamagedFileError:
        raise
    except Exception as error:  # Bytes that are altered may lead anywhere.
        raise DamagedFileError(
            f"{path} must be a .weights.h5 or .keras file that Keras has written. "
            f"Received: {error}"
        ) from error


def _saved_arrays(file: h5py.File, names: Iterable[str]) -> dict[str, h5py.Dataset]:
    """The file's arrays by path of the variable.

    Keras addresses an array by the attributes of Python objects that lead to its
    layer, and its number in the layer; it notes the layer's name beside.

    Args:
        file: What Keras has written.
        names: Paths of the model's variables, from which arrays of the same layer and
            number get their last name ("kernel"). Others get their number.
    """
    in_layer: dict[str, list[str]] = defaultdict(list)
    for name in names:
        in_layer[name.rpartition("/")[0]].append(name)
    # Of its own, outside all layers, a network of ours has this one at most.
    in_layer.setdefault("", [PROGRESS])
    layer_names: dict[str, str] = {}
    found: list[tuple[str, int, h5py.Dataset]] = []

    def visit(key: str, item: h5py.HLObject) -> None:
        if key.startswith(_OPTIMIZER):
            return
        if isinstance(item, h5py.Dataset):
            if item.external or item.is_virtual:
                raise ValueError(f"{key} is of numbers in another file")
            owner, _, index = key.rpartition("/")
            found.append((owner.removesuffix("vars").rstrip("/"), int(index), item))
        elif key.endswith("/vars") and "name" in item.attrs:
            layer_names[key.removesuffix("/vars")] = item.attrs["name"]

    file.visititems(visit)
    arrays = {}
    for owner, index, array in found:
        layer = _layer_path(owner, layer_names)
        known = in_layer.get(layer, [])
        arrays[known[index] if index < len(known) else f"{layer}/{index}"] = array
    return arrays


def _layer_path(owner: str, layer_names: dict[str, str]) -> str:
    parts = owner.split("/")
    prefixes = ("/".join(parts[: end + 1]) for end in range(len(parts)))
    return "/".join(layer_names[prefix] for prefix in prefixes if prefix in layer_names)
