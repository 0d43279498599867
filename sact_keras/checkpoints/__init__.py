"""Checkpoints: ours, and those of the originals.

Loads its public names when they are first used: the driver reads the tables here
before it imports Keras.
"""

from sact_keras.lazy import lazy_names

_NAMES = {
    "CheckpointMismatchError": "sact_keras.checkpoints.mismatch",
    "DamagedFileError": "sact_keras.checkpoints.damaged_file_error",
    "MissingExtraError": "sact_keras.checkpoints.missing_extra_error",
    "checkpoint_model_config": "sact_keras.checkpoints.model_config",
    "load_checkpoint": "sact_keras.checkpoints.loading",
    "load_model": "sact_keras.checkpoints.model_loading",
    "squeeze_checkpoint": "sact_keras.checkpoints.squeeze",
}

__all__ = list(_NAMES)

__getattr__, __dir__ = lazy_names(__name__, _NAMES)
