"""The trained network that an exporter's flags name."""

import dataclasses
import logging
from pathlib import Path
from typing import Any

import keras

from export.command_line import ExporterOptions
from sact_keras.data import DatasetError
from sact_keras.models import AdaptiveResNet
from sact_keras.models.presets import DATASETS
from sact_keras.serving.labels import default_labels
from sact_keras.training.build import build_network
from sact_keras.training.check_options import check_dataset_options
from sact_keras.training.checkpoint_options import resolve_checkpoint
from sact_keras.training.load_weights import load_weights
from sact_keras.training.locate_checkpoint import locate_checkpoint
from sact_keras.training.options import METHOD_FLAGS, Options
from sact_keras.training.resolve_model import resolve_model
from sact_keras.training.run_config import RunConfig
from sact_keras.training.trained_classes import (
    trained_class_names,
    trained_num_classes,
)
from sact_keras.training.usage_error import UsageError

logger = logging.getLogger(__name__)

_NETWORK_OPTIONS = (
    "model_type",
    "model",
    "variant",
    "base_channels",
    *METHOD_FLAGS,
    "dataset",
    "preprocessing",
    "image_size",
)


@dataclasses.dataclass(frozen=True)
class CheckpointNetwork:
    """A trained network and what is known about it.

    Attributes:
        model: The network, with the checkpoint's weights.
        dataset: Name of the data set that it was trained on, a key of `DATASETS`.
        class_names: One for each class, where they are known.
        preprocessing: Whose preparation of the images it was trained with.
        image_size: (height, width) in pixels that it is evaluated at.
        path: The checkpoint.
        step: The step at which it was saved; None where it does not say.
        directory: Where results about the checkpoint belong: its run's directory, else
            the folder that it lies in. Evaluations are in `directory / "eval"`.
        options: The resolved options, of the exporter's own class.
        flags: The flags of the network, and of the run that it is of where that is
            known.
    """

    model: AdaptiveResNet
    dataset: str
    class_names: tuple[str, ...] | None
    preprocessing: str
    image_size: tuple[int, int]
    path: Path
    step: int | None
    directory: Path
    options: ExporterOptions
    flags: dict[str, Any]


def load_checkpoint_network(options: ExporterOptions) -> CheckpointNetwork:
    """Builds the network of a checkpoint and loads its weights.

    Args:
        options: As the command line gives them. What is not given is asked of the run
            or the checkpoint; an original's checkpoint needs `dataset`, `model_type`
            and `model`.

    Raises:
        UsageError: If neither the flags nor the checkpoint say what it is of.
        FileNotFoundError: If there is no checkpoint.
        CheckpointMismatchError: If it is of another architecture.
        DamagedFileError: If it cannot be read.
        DatasetError: If the folder that is asked for the names of its classes cannot be
            read, or has not as many.
    """
    options, directory = resolve_checkpoint(options)
    if options.dataset is None:
        raise UsageError(
            "a checkpoint that does not say what it is of needs --dataset (and an "
            "original's --model_type and --model). Received: "
            f"--checkpoint_dir={options.checkpoint_dir}"
        )
    check_dataset_options(options)
    options = resolve_model(options)
    path, step = locate_checkpoint(Path(options.checkpoint_dir))
    logger.info("Loading %s", path)
    keras.utils.set_random_seed(options.seed)
    # It may be of more or fewer classes than its data set usually has.
    model = build_network(options, trained_num_classes(options, path))
    load_weights(model, path, policy_path=options.policy_path)
    size = options.image_size
    return CheckpointNetwork(
        model=model,
        dataset=options.dataset,
        class_names=_class_names(options, model.num_classes),
        preprocessing=options.preprocessing,
        image_size=DATASETS[options.dataset].image_size
        if size is None
        else (size,) * 2,
        path=path,
        step=step,
        directory=directory,
        options=options,
        flags=_run_flags(options),
    )


def _class_names(options: Options, num_classes: int) -> tuple[str, ...] | None:
    names = trained_class_names(options)
    if names is None:
        return default_labels(options.dataset, num_classes)
    if len(names) != num_classes:
        raise DatasetError(
            f"it must have as many classes as the network, {num_classes}. Received: "
            f"{len(names)}",
            path=options.dataset_dir,
        )
    return names


def _run_flags(options: Options) -> dict[str, Any]:
    run = RunConfig.find(Path(options.checkpoint_dir))
    if run is not None:
        return run.flags
    return {name: getattr(options, name) for name in _NETWORK_OPTIONS}
