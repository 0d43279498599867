"""Loads weights for training or evaluation."""

import os

import keras
import tensorflow as tf

import sact_keras
from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.checkpoints.mismatch import CheckpointMismatchError
from sact_keras.checkpoints.network_description import is_policy
from sact_keras.training.policy_mismatch_error import PolicyMismatchError


def load_weights(
    model: keras.Model,
    path: str | os.PathLike,
    *,
    skip_decisions: bool = False,
    skip_classifier: bool = False,
    policy_path: str | os.PathLike | None = None,
) -> None:
    """`sact_keras.load_checkpoint`, with all that makes a file unreadable in one error.

    A checkpoint that does not say how far its training was counts as trained.

    Args:
        model: A built model.
        path: A checkpoint.
        skip_decisions: Whether the layers that decide are left as they are.
        skip_classifier: Whether the layer of the classes is.
        policy_path: Another checkpoint, from which these are taken instead.

    Raises:
        CheckpointMismatchError: If the checkpoint is of another architecture; a
            PolicyMismatchError, in one sentence, if it has not the part to be taken.
        DamagedFileError: If it cannot be read.
        FileNotFoundError: If there is none.
        MissingExtraError: If it is of PyTorch, which is not installed.
    """
    if model.progress is not None and not skip_decisions:
        # Checkpoints of the originals do not say; those of ours do.
        model.progress.assign(1.0)
    if policy_path is not None:
        # First: of a network with other units, too, it says the most in a sentence.
        _load_policy(model, policy_path)
    if policy_path is not None or skip_decisions:
        _load_network(model, path, skip_classifier)
    else:
        _load(model, path, skip_classifier=skip_classifier)


def _load_policy(model: keras.Model, path: str | os.PathLike) -> None:
    """Loads what decides."""
    try:
        _load(model, path, only_decisions=True)
    except CheckpointMismatchError as error:
        if not (error.unexpected or error.wrong_shapes):
            raise PolicyMismatchError(
                f"{path} holds no policy network: finetuning starts from a checkpoint "
                "of --stage=curriculum (--finetune_path), or takes the policy of one "
                "(--policy_path)",
                error,
            ) from error
        for name, expected, found in error.wrong_shapes:
            if "logit" in name and len(expected) == 1:
                raise PolicyMismatchError(
                    f"the policy network of {path} decides about {found[0]} residual "
                    f"units, the model has {expected[0]}",
                    error,
                ) from error
        raise


def _load_network(
    model: keras.Model, path: str | os.PathLike, skip_classifier: bool
) -> None:
    """Loads all but what decides."""
    try:
        _load(model, path, skip_decisions=True, skip_classifier=skip_classifier)
    except CheckpointMismatchError as error:
        size = sum(not is_policy(variable.path) for variable in model.weights)
        nothing = len(error.missing) == size and not error.unexpected
        if model.policy is not None and nothing:
            raise PolicyMismatchError(
                f"{path} holds no network beside a policy's: a policy alone is for "
                "--policy_path, in finetuning and in evaluation",
                error,
            ) from error
        raise


def _load(model: keras.Model, path: str | os.PathLike, **which: bool) -> None:
    try:
        sact_keras.load_checkpoint(model, path, **which)
    except (CheckpointMismatchError, DamagedFileError):
        raise
    except (ValueError, tf.errors.OpError) as error:
        raise DamagedFileError(f"cannot read the checkpoint {path}: {error}") from error
