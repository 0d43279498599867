"""tensorflow-model-optimization, which is imported late and with care."""

import functools
import importlib
import os
from types import ModuleType

import tensorflow as tf

from sact_keras.checkpoints.missing_extra_error import MissingExtraError

_LEGACY_KERAS = "TF_USE_LEGACY_KERAS"
_PRUNING = "tensorflow_model_optimization.python.core.sparsity.keras.pruning_impl"


@functools.cache
def import_toolkit() -> ModuleType:
    """Imports tensorflow-model-optimization, and changes nothing for others by it.

    The library asks for Keras 2 in the name of the whole process: it sets the variable
    TF_USE_LEGACY_KERAS in the environment, and TensorFlow's own name for Keras then
    means another library from its first use on. Here that name is used before, so that
    it stays Keras 3, and the environment is left as it was.

    Returns:
        The module that is usually called `tfmot`.

    Raises:
        MissingExtraError: If it is not installed.
    """
    before = os.environ.get(_LEGACY_KERAS)
    try:
        # The first look into it decides, once and for all, which library it is.
        dir(getattr(tf, "keras"))  # noqa: B009
        return importlib.import_module("tensorflow_model_optimization")
    except ImportError as error:
        raise MissingExtraError(
            "pruning needs tensorflow-model-optimization: pip install "
            f"'sact_keras[optimization]'. Received: {error}"
        ) from error
    finally:
        if before is None:
            os.environ.pop(_LEGACY_KERAS, None)
        else:
            os.environ[_LEGACY_KERAS] = before


def import_pruning() -> ModuleType:
    """Imports the module of the toolkit that computes masks.

    Raises:
        MissingExtraError: If the toolkit is not installed.
    """
    import_toolkit()
    return importlib.import_module(_PRUNING)
