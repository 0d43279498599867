"""A checkpoint to be handed on: the network alone, in files as small as they can be."""

import importlib.metadata
from pathlib import Path

import keras

from sact_keras.checkpoints.encoding import encode_model
from sact_keras.checkpoints.half_precision import halve_kernels
from sact_keras.checkpoints.saved_checkpoint import (
    FORMAT_VERSION,
    INDEX_FILE,
    WEIGHTS_FILE,
    encode_index,
    fingerprint,
)
from sact_keras.checkpoints.training_state import random_states
from sact_keras.files.atomic_write import atomic_write

_VERSIONED = ("keras", "numpy", "h5py")


def write_shipped_checkpoint(
    model: keras.Model,
    directory: Path,
    *,
    step: int | None,
    kernel_dtype: str = "float16",
) -> None:
    """Writes a checkpoint without an optimizer's state into a directory.

    `SavedCheckpoint` opens it, and with it everything that takes a checkpoint.

    Args:
        model: A built model that is not compiled.
        directory: An empty directory.
        step: Training steps done; None, where they are not known, counts as 0.
        kernel_dtype: "float16" or "float32": the type of the kernels.

    Raises:
        ValueError: If `model` is compiled, or `kernel_dtype` is another.

    Example:
        >>> import sact_keras, tempfile
        >>> from sact_keras.checkpoints.saved_checkpoint import SavedCheckpoint
        >>> model = sact_keras.build_model("vanilla", model="1", base_channels=4)
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     write_shipped_checkpoint(model, Path(directory), step=800)
        ...     SavedCheckpoint.open(directory).step
        800
    """
    if kernel_dtype not in ("float16", "float32"):
        raise ValueError(
            f"kernel_dtype must be float16 or float32. Received: "
            f"kernel_dtype={kernel_dtype!r}"
        )
    if model.compiled:
        raise ValueError(
            "model must not be compiled, or its optimizer would be saved. Received: "
            f"the compiled model {model.name}"
        )
    content = encode_model(model, WEIGHTS_FILE)
    if kernel_dtype == "float16":
        content = halve_kernels(content)
    (directory / WEIGHTS_FILE).write_bytes(content)
    index = {
        "format_version": FORMAT_VERSION,
        "step": step or 0,
        "metrics": {},
        "model": keras.saving.serialize_keras_object(model),
        "random_states": random_states(model),
        "versions": {name: importlib.metadata.version(name) for name in _VERSIONED},
        "files": {WEIGHTS_FILE: fingerprint(directory / WEIGHTS_FILE)},
    }
    atomic_write(directory / INDEX_FILE, encode_index(index))
