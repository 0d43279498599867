"""What a checkpoint says about the options of its evaluation."""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sact_keras.checkpoints.model_config import checkpoint_model_config
from sact_keras.checkpoints.sact import find_tensorflow_checkpoint
from sact_keras.checkpoints.saved_checkpoint import INDEX_FILE
from sact_keras.models.presets import (
    DATASETS,
    DEFAULT_VARIANTS,
    Architecture,
    canonical_model,
    name_architecture,
    num_classes_of,
)
from sact_keras.training.check_model_options import VARIANTS_OF
from sact_keras.training.options import METHOD_FLAGS, Options
from sact_keras.training.run_config import RunConfig
from sact_keras.training.usage_error import UsageError


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
        try:
            model_config = checkpoint_model_config(path)
        except FileNotFoundError:  # The first checkpoint is still to come.
            model_config = None
        if model_config is not None:
            options = _fill_in(options, _flags_of(model_config))
        # Never in a checkpoint's own directory, which holds the checkpoint alone.
        own = not path.is_dir() or (path / INDEX_FILE).exists()
        return options, path.parent if own else path
    flags = {**config.flags, "family": _family(config.flags["dataset"])}
    options = _fill_in(options, flags)
    if (config.directory / INDEX_FILE).exists():
        # Shipped: a checkpoint with a configuration of its own, in no run's directory.
        return options, Path("runs") / config.directory.name
    return options, config.directory


def check_no_other_network(options: Options, config: Mapping[str, Any]) -> None:
    """Checks that no flag asks for another network than the checkpoint is of.

    Args:
        options: What `resolve_checkpoint` returns.
        config: What `checkpoint_model_config` says of the checkpoint.

    Raises:
        UsageError: Names the flag, and what the checkpoint has.
    """
    flags = _flags_of(config)
    given = {
        name: getattr(options, name)
        for name in ("model_type", "model", "variant", "base_channels", *METHOD_FLAGS)
        if name in options.explicit
    }
    if "model" in given:
        # A name that only another family has stays as it is, and differs.
        with contextlib.suppress(ValueError):
            given["model"] = canonical_model(
                given["model"], flags["family"], flags["variant"]
            )
    if options.dataset is not None:
        given["family"] = _family(options.dataset)
    for name, value in given.items():
        if value != flags.get(name):
            flag = "dataset" if name == "family" else name
            raise UsageError(
                f"--{flag} must be that of the checkpoint {options.checkpoint_dir} "
                f"({name}={flags.get(name)}). Received: "
                f"--{flag}={getattr(options, flag)}"
            )


def _check_something_there(path: Path) -> None:
    """Fails at once where there is neither a checkpoint nor a run to wait for."""
    if path.is_dir() and not any(path.iterdir()):
        raise FileNotFoundError(
            f"no checkpoint in {path}: the directory is empty. Start the training "
            "first, or give the --checkpoint_dir of one"
        )
    if not path.exists() and find_tensorflow_checkpoint(path) is None:
        raise FileNotFoundError(f"no checkpoint at {path}: there is no such path")


def _flags_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """The flags of the network of a configuration, as far as they follow from it."""
    family, num_units = config["family"], tuple(config["num_units"])
    variant = config["variant"] or DEFAULT_VARIANTS[config["model_type"]]
    datasets = [
        name
        for name, preset in DATASETS.items()
        if preset.family == family
        and num_classes_of(name, variant) == config["num_classes"]
    ]
    # Checkpoints that do not say have their family's units.
    unit = config.get("unit") or ("basic" if family == "cifar" else "bottleneck")
    return {
        "model_type": config["model_type"],
        "model": name_architecture(Architecture(num_units, unit), family, variant),
        "variant": variant,
        "base_channels": config["base_channels"],
        "dataset": datasets[0] if len(datasets) == 1 else None,
        "family": family,
        **config["arguments"],
    }


def _fill_in(options: Options, flags: Mapping[str, Any]) -> Options:
    """Takes what was not given from the flags of the checkpoint's training."""
    names = ["model_type", "dataset", "max_number_of_steps"]
    if options.dataset is None or _family(options.dataset) == flags.get("family"):
        names += ["model", "base_channels", "preprocessing"]
        # A type of model that does not run on the variant is another network anyway.
        if flags.get("variant") in VARIANTS_OF[options.model_type or "vanilla"]:
            names.append("variant")
    if options.model_type in (None, flags.get("model_type")):
        names += METHOD_FLAGS
    if options.dataset in (None, flags.get("dataset")):
        names += ["dataset_dir", "image_size"]
    return options.replace(
        **{name: flags.get(name) for name in names if getattr(options, name) is None}
    )


def _family(dataset: str) -> str:
    return DATASETS[dataset].family
