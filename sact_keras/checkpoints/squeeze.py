"""Makes a checkpoint small: the model alone, in one file."""

import dataclasses
import os
from pathlib import Path

import keras

from sact_keras.checkpoints.encoding import encode_model
from sact_keras.checkpoints.loading import load_checkpoint
from sact_keras.checkpoints.sact import find_tensorflow_checkpoint
from sact_keras.checkpoints.saved_checkpoint import INDEX_FILE, WEIGHTS_FILE
from sact_keras.checkpoints.squeezed_suffixes import SQUEEZED_SUFFIXES
from sact_keras.checkpoints.store import find_checkpoint
from sact_keras.checkpoints.tensorflow_files import TensorFlowFiles
from sact_keras.files.atomic_write import atomic_write


@dataclasses.dataclass(frozen=True)
class SqueezedCheckpoint:
    """What `squeeze_checkpoint` has done. Prints as one sentence.

    Attributes:
        source: The checkpoint that was read.
        path: The file that was written.
        bytes_before: Size of the checkpoint's files, together.
        bytes_after: Size of the file.
    """

    source: Path
    path: Path
    bytes_before: int
    bytes_after: int

    def __str__(self) -> str:
        return (
            f"{self.path}: {self.bytes_after:,} bytes, of {self.bytes_before:,} in "
            f"{self.source}"
        )


def squeeze_checkpoint(
    model: keras.Model, source: str | os.PathLike, target: str | os.PathLike
) -> SqueezedCheckpoint:
    """Writes a copy of a checkpoint without the optimizer's state.

    Args:
        model: A built model like the one that was saved, not compiled. It takes the
            checkpoint's weights.
        source: What `load_checkpoint` takes: a run's directory, one checkpoint of
            ours or of an original's.
        target: The file to write, which is replaced where it exists:
            `.weights.h5` for the weights alone, `.keras` for the network as well.
            Whatever happens, it is whole or as it was.

    Returns:
        The sizes before and after.

    Raises:
        ValueError: If `target` has another suffix, or `model` is compiled: then Keras
            would save its optimizer. Nothing is read or written.
        CheckpointMismatchError: If the checkpoint is of another architecture.
        DamagedFileError: If it cannot be read.
        FileNotFoundError: If there is no checkpoint, or no directory to write to.

    Example:
        >>> import sact_keras
        >>> model = sact_keras.build_model("act", model="1_2_1", base_channels=4)
        >>> model.save("model.keras")
        >>> squeeze_checkpoint(model, "model.keras", "small.weights.h5").path.name
        'small.weights.h5'
    """
    target = Path(target)
    if not target.name.endswith(SQUEEZED_SUFFIXES):
        raise ValueError(
            f"target must end with {' or '.join(SQUEEZED_SUFFIXES)}. "
            f"Received: target={target}"
        )
    if model.compiled:
        raise ValueError(
            "model must not be compiled, or its optimizer would be saved. Received: "
            f"the compiled model {model.name}"
        )
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no directory {target.parent} to write to")
    if target.is_dir():
        raise IsADirectoryError(f"there is a directory at {target}, not a file")
    checkpoint, files = _find(Path(source))
    load_checkpoint(model, checkpoint)
    bytes_before = sum(file.stat().st_size for file in files)
    atomic_write(target, encode_model(model, target.name))
    return SqueezedCheckpoint(
        checkpoint, target, bytes_before, bytes_after=target.stat().st_size
    )


def _find(source: Path) -> tuple[Path, list[Path]]:
    """The checkpoint that a path stands for, and its files."""
    prefix = find_tensorflow_checkpoint(source)
    if prefix is not None:
        return Path(prefix), list(TensorFlowFiles.find(prefix).all)
    if source.is_dir():
        source = find_checkpoint(source).path
        return source, [source / name for name in (INDEX_FILE, WEIGHTS_FILE)]
    return source, [source]
