"""`load_checkpoint`: says what a checkpoint is by looking, and reads it."""

import os
import zipfile
from pathlib import Path

import h5py
import keras

from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.checkpoints.pytorch import load_pytorch
from sact_keras.checkpoints.pytorch_files import is_pytorch_file
from sact_keras.checkpoints.sact import find_tensorflow_checkpoint, load_sact


def load_checkpoint(
    model: keras.Model,
    path: str | os.PathLike,
    *,
    skip_decisions: bool = False,
    only_decisions: bool = False,
    skip_classifier: bool = False,
) -> None:
    """Loads a checkpoint's weights into a model: ours, or an original's.

    Args:
        model: A model of `build_model`.
        path: A run's directory, one of its checkpoints, a `.weights.h5` or `.keras`
            file; a TensorFlow 1 checkpoint of the SACT project, of either family and
            version 1 or 2 of the format (a directory with a `checkpoint` file, or a
            prefix); or a file of PyTorch, of ConvNet-AIG (`model_best.pth.tar`),
            DynConv (`checkpoint_best.pth`), BlockDrop (`ckpt_*.t7`, `pk_*.t7`) or one
            of torchvision's ResNets.
        skip_decisions: Whether the layers that decide (halting branches, gates,
            maskers, the policy network) are left as they are, to start an adaptive
            model from a vanilla one.
        only_decisions: Whether all others are left as they are, to add to a ResNet the
            policy network that was trained for it.
        skip_classifier: Whether the last layer, which has an output for each class, is
            left as it is, to start from a model of other classes.

    Raises:
        ValueError: If both `skip_decisions` and `only_decisions` are true.
        CheckpointMismatchError: If the checkpoint is of another architecture; names
            the variables that are missing, unexpected and wrongly shaped.
        FileNotFoundError: If there is no checkpoint at `path`, or a part is missing.
        DamagedFileError: If the files cannot be read.
        MissingExtraError: If it is of PyTorch, which is not installed.

    Example:
        >>> import sact_keras, tempfile
        >>> model = sact_keras.build_model("vanilla", model="1", base_channels=4)
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     model.save_weights(f"{directory}/small.weights.h5")
        ...     load_checkpoint(model, f"{directory}/small.weights.h5")
    """
    from sact_keras.checkpoints.native import load_native
    from sact_keras.checkpoints.store import find_checkpoint

    if skip_decisions and only_decisions:
        raise ValueError(
            "skip_decisions and only_decisions must not both be true: nothing would be "
            "loaded. Received: skip_decisions=True, only_decisions=True"
        )
    which = {
        "skip_decisions": skip_decisions,
        "only_decisions": only_decisions,
        "skip_classifier": skip_classifier,
    }
    if is_pytorch_file(path):
        load_pytorch(model, path, **which)
        return
    tensorflow_prefix = find_tensorflow_checkpoint(path)
    if tensorflow_prefix is not None:
        load_sact(model, tensorflow_prefix, **which)
        return
    source = Path(path)
    if source.is_dir():
        source = find_checkpoint(source)
    elif source.is_file() and not (h5py.is_hdf5(source) or zipfile.is_zipfile(source)):
        raise DamagedFileError(
            f"{source} ({source.stat().st_size} bytes) is cut short, or a checkpoint "
            "neither of Keras nor of PyTorch nor of TensorFlow"
        )
    load_native(model, source, **which)
