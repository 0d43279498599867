"""`load_checkpoint`: says what a checkpoint is by looking, and reads it."""

import os
from pathlib import Path

import keras

from sact_keras.checkpoints.sact import find_tensorflow_checkpoint, load_sact


def load_checkpoint(
    model: keras.Model, path: str | os.PathLike, *, skip_decisions: bool = False
) -> None:
    """Loads a checkpoint's weights into a model: ours, or an original's.

    Args:
        model: A model of `build_model`.
        path: A run's directory, one of its checkpoints, a `.weights.h5` or `.keras`
            file; or a TensorFlow 1 checkpoint of the SACT project, of either family
            and version 1 or 2 of the format (a directory with a `checkpoint` file, or
            a prefix).
        skip_decisions: Whether the layers that decide (halting branches, gates,
            maskers) are left as they are, to start an adaptive model from a vanilla
            one.

    Raises:
        CheckpointMismatchError: If the checkpoint is of another architecture; names
            the variables that are missing, unexpected and wrongly shaped.
        FileNotFoundError: If there is no checkpoint at `path`, or a part is missing.
        DamagedFileError: If the files cannot be read.

    Example:
        >>> import sact_keras, tempfile
        >>> model = sact_keras.build_model("vanilla", model="1", base_channels=4)
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     model.save_weights(f"{directory}/small.weights.h5")
        ...     load_checkpoint(model, f"{directory}/small.weights.h5")
    """
    from sact_keras.checkpoints.native import load_native
    from sact_keras.checkpoints.store import find_checkpoint

    tensorflow_prefix = find_tensorflow_checkpoint(path)
    if tensorflow_prefix is not None:
        load_sact(model, tensorflow_prefix, skip_decisions=skip_decisions)
        return
    source = Path(path)
    if source.is_dir():
        source = find_checkpoint(source)
    load_native(model, source, skip_decisions=skip_decisions)
