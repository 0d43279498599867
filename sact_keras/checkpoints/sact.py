"""Reads the TensorFlow 1 checkpoints of the original SACT project.

A checkpoint holds the variables of a TF-Slim graph by name; here each name is given
the variable of ours that means the same. Optimizer slots and exponential averages,
which training checkpoints have and published ones have not, are passed over.
"""

import glob
import os
import re
from pathlib import Path, PureWindowsPath
from typing import Any

import keras
import numpy as np

from sact_keras.checkpoints.assignment import assign_variables, with_unnamed
from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.checkpoints.mismatch import CheckpointMismatchError
from sact_keras.checkpoints.sact_names import ROOTS, named_variables
from sact_keras.checkpoints.tensorflow_files import TensorFlowFiles

STATE_FILE = "checkpoint"
"""Names the latest checkpoint of a TensorFlow 1 directory."""

# Counters have no scope; what an optimizer keeps of a weight is named after it.
_NOT_WEIGHTS = re.compile(
    r"^[^/]+$|/(Momentum|ExponentialMovingAverage|Adam(_1)?|RMSProp(_1)?)$"
)
_FILE_OF_CHECKPOINT = re.compile(
    r"(?<=.)(\.index|\.meta|\.data-\d{5}-of-\d{5}|-(\d{5}|\?{5})-of-\d{5})$"
)


def find_tensorflow_checkpoint(path: str | os.PathLike) -> str | None:
    """The prefix of the TensorFlow checkpoint at `path`, or None if there is none.

    Args:
        path: A directory with a `checkpoint` file, which names the latest; a prefix
            ("model.ckpt-1234"); or one of the files that begin with it.

    Raises:
        FileNotFoundError: If files are missing: those that a `checkpoint` file names,
            or some of a checkpoint's.
        DamagedFileError: If a `checkpoint` file names nothing, or an index is cut
            short.
    """
    path = Path(path)
    if path.is_dir():
        state = path / STATE_FILE
        return _named_by(state) if state.is_file() else None
    # A name that only looks like a shard's is tried as it is.
    for prefix in (path.with_name(_FILE_OF_CHECKPOINT.sub("", path.name)), path):
        if TensorFlowFiles.find(prefix):
            return str(prefix)
    return None


def load_sact(
    model: keras.Model,
    prefix: str | os.PathLike,
    *,
    skip_decisions: bool = False,
    only_decisions: bool = False,
    skip_classifier: bool = False,
) -> None:
    """Loads a checkpoint of the original SACT project.

    Args:
        model: A model of `build_model` of the "sact" variant, of either family.
        prefix: The checkpoint's prefix, as from `find_tensorflow_checkpoint`.
        skip_decisions: Whether the layers that decide (halting branches, gates,
            maskers, the policy network) are left as they are, to start an adaptive
            model from a vanilla one.
        only_decisions: Whether all others are left as they are.
        skip_classifier: Whether the layer of the classes is left as it is.

    Raises:
        CheckpointMismatchError: If the checkpoint is of another architecture, or the
            model of another variant.
        DamagedFileError: If the files cannot be read.
        FileNotFoundError: If there are none, or some are missing.
    """
    import tensorflow as tf

    if model.variant != "sact":
        raise CheckpointMismatchError(
            prefix,
            note="a checkpoint of the SACT project needs a model of variant 'sact'. "
            f"Received: variant={model.variant!r}",
        )
    files = TensorFlowFiles.find(prefix)
    if files is None:
        raise FileNotFoundError(f"no checkpoint of TensorFlow at {os.fspath(prefix)}")
    # The reader turns some of TensorFlow's errors into Python's own.
    unreadable = (tf.errors.OpError, IndexError, RuntimeError, ValueError)
    try:
        reader = files.open_reader()
        shapes = {
            name: tuple(shape)
            for name, shape in reader.get_variable_to_shape_map().items()
            if not _NOT_WEIGHTS.search(name)
        }
    except unreadable as error:
        raise _damaged(files, str(files.index), error) from error

    def read(name: str) -> np.ndarray:
        # The index alone opens without a complaint: the data is looked for here.
        try:
            return reader.get_tensor(name)
        except unreadable as error:
            data = f"{name} in {' or '.join(map(str, files.data))}"
            raise _damaged(files, data, error) from error

    assign_variables(
        files.prefix,
        with_unnamed(model, dict(named_variables(model))),
        shapes,
        read,
        skip_decisions=skip_decisions,
        only_decisions=only_decisions,
        skip_classifier=skip_classifier,
        note=_foreign(shapes),
    )


def _named_by(state: Path) -> str:
    """The prefix of the checkpoint that a `checkpoint` file names."""
    import tensorflow as tf

    try:
        content = tf.train.get_checkpoint_state(str(state.parent))
    except ValueError:  # Of an empty state, or of bytes that are no text.
        content = None
    if content is None:
        received = state.read_bytes()[:40].decode(errors="replace").strip()
        raise DamagedFileError(
            f"{state} must name a checkpoint, as in model_checkpoint_path: "
            f'"model.ckpt-1234". Received: {received or "an empty file"}'
        )
    # The reader of the state puts the directory before a name.
    named = content.model_checkpoint_path.removeprefix(f"{state.parent}/")
    # A copied directory still names the place it was written in, maybe on Windows.
    for name in (PureWindowsPath(named).name, named):
        path = state.parent / name
        try:
            # A directory, such as this one, would be asked for its own state in turn.
            found = None if path.is_dir() else find_tensorflow_checkpoint(path)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise DamagedFileError(
                f"{state} names a checkpoint that cannot be looked for: {error}"
            ) from error
        if found is not None:
            return found
    raise FileNotFoundError(
        f"{state} names the checkpoint {named}, of which there is no file in "
        f"{state.parent}"
    )


def _foreign(names: dict[str, Any]) -> str | None:
    """What to say of a checkpoint of no graph of the original's."""
    roots = {name.partition("/")[0] for name in names}
    if not roots or roots & set(ROOTS):
        return None
    shown = ", ".join(f"{root}/" for root in sorted(roots)[:3])
    return (
        f"its variables begin with {shown} the original's with "
        f"{' or '.join(f'{root}/' for root in ROOTS)}: it is of another project"
    )


def _damaged(files: TensorFlowFiles, what: str, error: Exception) -> DamagedFileError:
    # Some of TensorFlow's errors say nothing.
    reason = str(error) or type(error).__name__
    if glob.has_magic(files.prefix):
        reason += "; TensorFlow takes brackets in a path for a pattern: rename it"
    return DamagedFileError(
        f"checkpoint {files.prefix} is damaged: {what} cannot be read ({reason})"
    )
