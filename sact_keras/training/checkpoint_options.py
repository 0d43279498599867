"""What a checkpoint says about the options of its evaluation."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sact_keras.checkpoints.model_config import checkpoint_model_config
from sact_keras.checkpoints.sact import find_tensorflow_checkpoint
from sact_keras.models.presets import DATASETS
from sact_keras.training.options import Options
from sact_keras.training.run_config import RunConfig


def resolve_checkpoint(options: Options) -> tuple[Options, Path]:
    """Fills in what a checkpoint, or the run that it is of, knows about its network.

    Args:
        options: As the command line gives them; `checkpoint_dir` or `train_log_dir`
            says which checkpoint.

    Returns:
        The options, and the directory in which results about the checkpoint belong.

    Raises:
        FileNotFoundError: If there is neither a checkpoint nor a run to wait for.
        DamagedFileError: If what is there cannot be read.
    """
    path = Path(options.checkpoint_dir or options.train_log_dir)
    options = options.replace(checkpoint_dir=str(path))
    config = RunConfig.find(path)
    if config is None:
        _check_something_there(path)
        options = _fill_in(options, _flags_of(path))
        return options, path if path.is_dir() else path.parent
    # Never in a checkpoint's own directory, which the training may remove.
    return _fill_in(options, config.flags), config.directory


def _check_something_there(path: Path) -> None:
    """Fails at once where there is neither a checkpoint nor a run to wait for."""
    if path.is_dir() and not any(path.iterdir()):
        raise FileNotFoundError(
            f"no checkpoint in {path}: the directory is empty. Start the training "
            "first, or give the --checkpoint_dir of one"
        )
    if not path.exists() and find_tensorflow_checkpoint(path) is None:
        raise FileNotFoundError(f"no checkpoint at {path}: there is no such path")


def _flags_of(path: Path) -> dict[str, Any]:
    """The flags of the network that a checkpoint is of, as far as it knows them."""
    try:
        config = checkpoint_model_config(path)
    except FileNotFoundError:  # The first checkpoint is still to come.
        config = None
    if config is None:
        return {}
    datasets = [n for n, p in DATASETS.items() if p.family == config["family"]]
    return {
        "model_type": config["model_type"],
        "model": "_".join(str(units) for units in config["num_units"]),
        "base_channels": config["base_channels"],
        "dataset": datasets[0] if len(datasets) == 1 else None,
        **config["arguments"],
    }


def _fill_in(options: Options, flags: Mapping[str, Any]) -> Options:
    """Takes what was not given from the flags of the checkpoint's training."""
    names = ["model_type", "model", "base_channels", "dataset", "max_number_of_steps"]
    if options.model_type in (None, flags.get("model_type")):
        names += ["tau", "eps"]
    if options.dataset in (None, flags.get("dataset")):
        names += ["dataset_dir", "image_size"]
    return options.replace(
        **{name: flags.get(name) for name in names if getattr(options, name) is None}
    )
