"""Copies a checkpoint without the optimizer's state (`--mode=squeeze`)."""

from pathlib import Path

import keras

from sact_keras.checkpoints.model_config import checkpoint_model_config
from sact_keras.checkpoints.squeeze import squeeze_checkpoint
from sact_keras.models import AdaptiveResNet
from sact_keras.training.build import build_network
from sact_keras.training.checkpoint_options import (
    check_no_other_network,
    resolve_checkpoint,
)
from sact_keras.training.options import Options
from sact_keras.training.resolve_model import resolve_model
from sact_keras.training.trained_classes import trained_num_classes
from sact_keras.training.usage_error import UsageError
from sact_keras.training.writable import check_writable


def squeeze(options: Options) -> None:
    """Squeezes the checkpoint that the options name, and prints where the copy is.

    Args:
        options: As the command line gives them.

    Raises:
        UsageError: If the flags do not fit the checkpoint.
        FileNotFoundError: If there is no checkpoint.
        OSError: If the copy cannot be written.
    """
    options, directory = resolve_checkpoint(options)
    target = Path(options.squeezed_path or directory / "squeezed.weights.h5")
    if target.is_dir():
        raise UsageError(
            f"--squeezed_path must be a file. Received: the directory {target}"
        )
    check_writable(target.parent, "--squeezed_path")
    target.parent.mkdir(parents=True, exist_ok=True)
    squeezed = squeeze_checkpoint(_network_of(options), options.checkpoint_dir, target)
    print(squeezed, flush=True)


def _network_of(options: Options) -> keras.Model:
    """The network that a checkpoint is of: it says so itself, or the flags do."""
    config = checkpoint_model_config(options.checkpoint_dir)
    if config is not None:
        check_no_other_network(options, config)
        network = AdaptiveResNet.from_config(config)
        network.build((None, None, None, 3))
        return network
    if options.dataset is None:
        raise UsageError(
            "--mode=squeeze needs --dataset, --model_type and --model for a checkpoint "
            f"that does not say what it is of. Received: {options.checkpoint_dir}"
        )
    options = resolve_model(options)
    path = Path(options.checkpoint_dir)
    return build_network(options, trained_num_classes(options, path))
