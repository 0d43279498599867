"""Asks a checkpoint which network it is of."""

import json
import os
import zipfile
from pathlib import Path
from typing import Any

from sact_keras.checkpoints.archive import check_archive
from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.checkpoints.pytorch_files import is_pytorch_file
from sact_keras.checkpoints.sact import find_tensorflow_checkpoint
from sact_keras.checkpoints.store import find_checkpoint
from sact_keras.models.adaptive_resnet import AdaptiveResNet

_CONFIG_FILE = "config.json"
"""What Keras calls the model's configuration within a `.keras` file."""


def checkpoint_model_config(path: str | os.PathLike) -> dict[str, Any] | None:
    """The configuration of the model that a checkpoint was saved from.

    Args:
        path: What `load_checkpoint` takes.

    Returns:
        What `AdaptiveResNet.from_config` takes; None where the checkpoint does not
        say, as a `.weights.h5` file and the originals' checkpoints do not.

    Raises:
        FileNotFoundError: If there is no checkpoint at `path`.
        DamagedFileError: If it cannot be read.

    Example:
        >>> import sact_keras, tempfile
        >>> model = sact_keras.build_model("act", model="1_2_1", base_channels=4)
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     model.save(f"{directory}/small.keras")
        ...     checkpoint_model_config(f"{directory}/small.keras")["num_units"]
        [1, 2, 1]
    """
    if is_pytorch_file(path) or find_tensorflow_checkpoint(path) is not None:
        return None
    path = Path(path)
    if path.is_dir():
        serialized = find_checkpoint(path).model_config
    elif not path.is_file():
        raise FileNotFoundError(f"no checkpoint at {path}: there is no such file")
    elif zipfile.is_zipfile(path):
        serialized = _read_config(path)
    else:
        return None
    if serialized.get("class_name") != AdaptiveResNet.__name__:
        return None
    config = serialized.get("config")
    if not isinstance(config, dict):
        raise DamagedFileError(
            f"{path} must hold the configuration of a network. Received: {config!r:.40}"
        )
    return config


def _read_config(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            check_archive(file)
            return dict(json.loads(archive.read(_CONFIG_FILE)))
    except Exception as error:  # Bytes that are altered may lead anywhere.
        raise DamagedFileError(
            f"{path} must be a .keras file that Keras has written. Received: {error}"
        ) from error
