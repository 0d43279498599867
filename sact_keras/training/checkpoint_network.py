"""The network that a checkpoint is of, for what is measured of it."""

from pathlib import Path

import keras

from sact_keras.training.build import build_network
from sact_keras.training.load_weights import load_weights
from sact_keras.training.locate_checkpoint import locate_checkpoint
from sact_keras.training.options import Options


def load_network(
    options: Options, num_classes: int
) -> tuple[keras.Model, Path, int | None]:
    """Builds the network of resolved options, with a checkpoint's weights.

    Args:
        options: `checkpoint_dir` says which checkpoint; `policy_path` where a policy
            is from, if not from there.
        num_classes: Of the data set.

    Returns:
        The network, the checkpoint's path, and its step where it says.

    Raises:
        FileNotFoundError: If there is no checkpoint.
        CheckpointMismatchError: If it is of another architecture.
    """
    path, step = locate_checkpoint(Path(options.checkpoint_dir))
    # What gates sample is a function of the seed.
    keras.utils.set_random_seed(options.seed)
    model = build_network(options, num_classes)
    load_weights(model, path, policy_path=options.policy_path)
    return model, path, step
