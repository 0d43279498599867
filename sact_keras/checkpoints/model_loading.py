"""`load_model`: a network and its weights from one file."""

import os
from pathlib import Path

import keras

from sact_keras.checkpoints.archive import check_archive
from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.checkpoints.model_config import checkpoint_model_config
from sact_keras.checkpoints.native import load_native

# Registers the class under the name that the file gives it.
from sact_keras.models import AdaptiveResNet


def load_model(path: str | os.PathLike) -> AdaptiveResNet:
    """Loads a `.keras` file, which holds the network as well as its weights.

    It is `keras.models.load_model` in a program that has not yet built a model of
    this package, and in which Keras would not know its classes.

    Args:
        path: A file that `model.save` or `--mode=squeeze` has written.

    Returns:
        The model.

    Raises:
        DamagedFileError: If Keras cannot read the file, or it is damaged, or holds
            something else than a network of this package.
        ValueError: If there is no such file.

    Example:
        >>> import sact_keras, tempfile
        >>> model = sact_keras.build_model("act", model="1_2_1", base_channels=4)
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     model.save(f"{directory}/small.keras")
        ...     load_model(f"{directory}/small.keras").model_type
        'act'
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"no .keras file at {path}: there is no such file")
    # Keras makes objects of whichever classes a configuration names.
    if checkpoint_model_config(path) is None:
        raise DamagedFileError(
            f"{path} must be a .keras file of a network of {AdaptiveResNet.__name__}"
        )
    try:
        with path.open("rb") as file:
            check_archive(file)
        model = keras.models.load_model(path, safe_mode=True)
    except Exception as error:  # Bytes that are altered may lead anywhere.
        raise DamagedFileError(
            f"{path} must be a .keras file that Keras has written. Received: "
            f"{type(error).__name__}: {error}"
        ) from error
    # Once more, by who looks closer at the numbers.
    load_native(model, path)
    return model
