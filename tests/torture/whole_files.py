"""Checks that what lies under a final name is whole, whatever kind of file it is."""

import contextlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import tensorflow as tf
from PIL import Image

from sact_keras.checkpoints.saved_checkpoint import SavedCheckpoint
from sact_keras.compression import TFLiteModel
from sact_keras.files.temporary import TEMPORARY_PREFIX

_TEXTS = (".csv", ".config", ".txt", ".yml")


def temporary_files(directory: Path) -> list[Path]:
    """What lies below a directory under a temporary name, itself or as a whole."""
    return [path for path in directory.rglob("*") if _is_temporary(path, directory)]


def check_final_files(directory: Path) -> None:
    """Checks everything below a directory that has its final name.

    Raises:
        AssertionError: If something is not whole, or of a kind not known here.
    """
    for path in sorted(directory.rglob("*")):
        if not _is_temporary(path, directory):
            _check(path)


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """All arrays of an HDF5 file, or all weights of a .keras file."""
    source = path
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None, path
            source = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(source) as file:
        return dict(_arrays(file))


def _is_temporary(path: Path, directory: Path) -> bool:
    parts = path.relative_to(directory).parts
    return any(part.startswith(TEMPORARY_PREFIX) for part in parts)


def _check(path: Path) -> None:
    if path.is_dir():
        _check_directory(path)
    elif path.is_symlink():
        assert path.exists(), f"{path} leads nowhere"
    elif "tfevents" in path.name:
        _read_events(path)
    elif path.suffix == ".json":
        json.loads(path.read_text())
    elif path.suffix == ".jsonl":
        # The last may be cut short: whoever goes on drops it.
        for line in path.read_text().split("\n")[:-1]:
            json.loads(line)
    elif path.suffix in (".png", ".jpg"):
        with Image.open(path) as picture:
            picture.load()
    elif path.suffix == ".pdf":
        content = path.read_bytes()
        assert content.startswith(b"%PDF"), path
        assert content.rstrip().endswith(b"%%EOF"), path
    elif path.suffix in (".h5", ".keras"):
        assert read_arrays(path), path
    elif path.suffix == ".npz":
        with np.load(path) as arrays:
            assert all(arrays[name].dtype != object for name in arrays), path
    elif path.suffix == ".html":
        assert path.read_text().rstrip().endswith("</html>"), path
    elif path.suffix == ".tflite":
        model = TFLiteModel(path)
        answer = model(np.zeros((1, *model.image_size, 3)))["probabilities"]
        assert np.isfinite(answer).all()
    elif path.suffix in _TEXTS:
        assert path.read_text().endswith("\n"), path
    else:
        assert _is_in_saved_model(path), f"{path} is of no kind that is known here"


def _check_directory(path: Path) -> None:
    if path.name.startswith("step-"):
        SavedCheckpoint.open(path)  # Which compares checksums.
    elif path.name.isdecimal():
        serve = tf.saved_model.load(str(path)).signatures["serving_default"]
        answer = serve(images=tf.zeros((2, 32, 32, 3)))["probabilities"]
        assert np.isfinite(answer).all()
        assert (path / "model_card.json").exists()
        assert (path / "assets" / "labels.txt").exists()


def _read_events(path: Path) -> None:
    # They are appended: readers pass by a last one that is cut short.
    with contextlib.suppress(tf.errors.DataLossError):
        for _ in tf.data.TFRecordDataset(str(path)):
            pass


def _is_in_saved_model(path: Path) -> bool:
    return any((parent / "saved_model.pb").exists() for parent in path.parents)


def _arrays(group: h5py.Group) -> Iterator[tuple[str, np.ndarray]]:
    for name, item in group.items():
        if isinstance(item, h5py.Group):
            yield from ((f"{name}/{key}", value) for key, value in _arrays(item))
        else:
            yield name, item[()]
