"""`load_model`: a network and its weights from one file."""

import os

import keras

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
        ValueError: If there is no such file, or Keras cannot read it.

    Example:
        >>> import sact_keras, tempfile
        >>> model = sact_keras.build_model("act", model="1_2_1", base_channels=4)
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     model.save(f"{directory}/small.keras")
        ...     load_model(f"{directory}/small.keras").model_type
        'act'
    """
    return keras.models.load_model(os.fspath(path))
