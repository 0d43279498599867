"""Loads weights for training or evaluation."""

import os

import keras
import tensorflow as tf

import sact_keras
from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.checkpoints.mismatch import CheckpointMismatchError


def load_weights(
    model: keras.Model,
    path: str | os.PathLike,
    *,
    skip_decisions: bool = False,
    policy_path: str | os.PathLike | None = None,
) -> None:
    """`sact_keras.load_checkpoint`, with all that makes a file unreadable in one error.

    A checkpoint that does not say how far its training was counts as trained.

    Args:
        model: A built model.
        path: A checkpoint.
        skip_decisions: Whether the layers that decide are left as they are.
        policy_path: Another checkpoint, from which these are taken instead.

    Raises:
        CheckpointMismatchError: If the checkpoint is of another architecture.
        DamagedFileError: If it cannot be read.
        FileNotFoundError: If there is none.
        MissingExtraError: If it is of PyTorch, which is not installed.
    """
    if model.progress is not None and not skip_decisions:
        # Checkpoints of the originals do not say; those of ours do.
        model.progress.assign(1.0)
    if policy_path is not None:
        _load(model, path, skip_decisions=True)
        _load(model, policy_path, only_decisions=True)
    else:
        _load(model, path, skip_decisions=skip_decisions)


def _load(model: keras.Model, path: str | os.PathLike, **which: bool) -> None:
    try:
        sact_keras.load_checkpoint(model, path, **which)
    except (CheckpointMismatchError, DamagedFileError):
        raise
    except (ValueError, tf.errors.OpError) as error:
        raise DamagedFileError(f"cannot read the checkpoint {path}: {error}") from error
