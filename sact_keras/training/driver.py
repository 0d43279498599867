"""Runs the program that the options describe."""

import logging
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from sact_keras.checkpoints.store import CheckpointStore, find_checkpoint
from sact_keras.data import (
    DatasetError,
    ImageDataset,
    choose_dataset,
    open_dataset,
)
from sact_keras.training.evaluation_report import EvaluationReport
from sact_keras.training.options import Options
from sact_keras.training.run_config import RunConfig
from sact_keras.training.train import train
from sact_keras.training.usage_error import UsageError
from sact_keras.training.watch import watch_checkpoints
from sact_keras.training.writable import check_writable

logger = logging.getLogger(__name__)


def run(options: Options) -> None:
    """Trains, evaluates, or both.

    Args:
        options: As `parse_options` gives them.

    Raises:
        UsageError: If the flags contradict the run that they would go on with.
        DatasetError: If the data set cannot be had or is corrupt.
        OSError: If a directory cannot be written or a file not be found.
        Interrupted: If a signal stopped the training.
    """
    if keras.backend.backend() != "tensorflow":
        raise UsageError(
            "training and evaluation run on Keras' TensorFlow backend. Received: "
            f"KERAS_BACKEND={keras.backend.backend()}"
        )
    if options.mode == "eval":
        _evaluate(options)
    else:
        _train(options)


def _train(options: Options) -> None:
    options, existing = _resolve_training(options)
    directory = Path(options.train_log_dir)
    # Without a checkpoint there is nothing that other flags could spoil.
    if existing is not None and CheckpointStore(directory / "checkpoints").latest():
        existing.check_resumable(options, directory)
    eval_dir = Path(options.eval_dir or directory / "eval")
    check_writable(directory, "--train_log_dir")
    check_writable(eval_dir, "--eval_dir")
    dataset = _open_dataset(options)
    evaluation = train(options, dataset)
    if options.mode == "train":
        return
    options = options.replace(
        checkpoint_dir=str(directory), eval_dir=str(eval_dir), evaluate_once=True
    )
    report = EvaluationReport(options)
    if evaluation is None:
        watch_checkpoints(options, dataset, num_steps=None, report=report)
    else:
        checkpoint = find_checkpoint(directory)
        report(evaluation, checkpoint.step, checkpoint.path)


def _resolve_training(options: Options) -> tuple[Options, RunConfig | None]:
    """Fills in what was not given, from the run that goes on or by default."""
    options = options.resolve_model()
    existing = None
    if options.train_log_dir is not None:
        existing = RunConfig.read(Path(options.train_log_dir))
    if options.dataset is None:
        if existing is not None:
            options = options.replace(dataset=existing.flags["dataset"])
        else:
            options = _choose_dataset(options)
    options = options.resolve_schedule()
    if options.train_log_dir is None:
        directory = options.default_log_dir()
        logger.info("The run's directory is %s", directory)
        options = options.replace(train_log_dir=directory)
        existing = RunConfig.read(Path(directory))
    return options, existing


def _choose_dataset(options: Options) -> Options:
    choice = choose_dataset(None, options.dataset_dir)
    if choice.is_fallback:
        schedule = options.replace(dataset=choice.name).resolve_schedule()
        _say_loudly(
            f"CIFAR-10 IS NOT USED: {choice.reason}",
            f"The built-in data set {choice.name!r} takes its place, for "
            f"{schedule.max_number_of_steps} steps of {schedule.batch_size} images. "
            "To insist on CIFAR-10, give --dataset=cifar10.",
        )
    else:
        logger.info("Data set: %s (%s)", choice.name, choice.reason)
    return options.replace(dataset=choice.name, dataset_dir=choice.dataset_dir)


def _open_dataset(options: Options) -> ImageDataset:
    dataset = open_dataset(options.dataset, options.dataset_dir)
    size = dataset.num_examples.get(options.split_name)
    if size is None:
        raise DatasetError(
            f"the data set {options.dataset} must have the split "
            f"{options.split_name!r} to evaluate on. Received: "
            f"{' and '.join(dataset.num_examples)} in {options.dataset_dir}"
        )
    if options.num_examples is not None and options.num_examples > size:
        raise UsageError(
            f"--num_examples must be at most {size}, the images of "
            f"{options.dataset}/{options.split_name}. Received: "
            f"--num_examples={options.num_examples}"
        )
    return dataset


def _evaluate(options: Options) -> None:
    path = Path(options.checkpoint_dir or options.train_log_dir)
    config = RunConfig.find(path)
    if config is None:
        _check_something_there(path)
    else:
        options = _fill_in(options, config.flags)
    options = options.resolve_model().replace(checkpoint_dir=str(path))
    if options.eval_dir is None:
        directory = path if path.is_dir() else path.parent
        if config is not None:
            # Never in a checkpoint's own directory, which the training may remove.
            directory = config.directory
        options = options.replace(eval_dir=str(directory / "eval"))
    check_writable(Path(options.eval_dir), "--eval_dir")
    if options.dataset is None:
        options = _choose_dataset(options)
    watch_checkpoints(
        options,
        _open_dataset(options),
        num_steps=options.max_number_of_steps,
        report=EvaluationReport(options),
    )


def _check_something_there(path: Path) -> None:
    """Fails at once where there is neither a checkpoint nor a run to wait for."""
    if path.is_dir() and not any(path.iterdir()):
        raise FileNotFoundError(
            f"no checkpoint in {path}: the directory is empty. Start the training "
            "first, or give the --checkpoint_dir of one"
        )
    # A TensorFlow 1 checkpoint is named by what its files have in common.
    if not path.exists() and not list(path.parent.glob(f"{path.name}.*")):
        raise FileNotFoundError(f"no checkpoint at {path}: there is no such path")


def _fill_in(options: Options, flags: Mapping[str, Any]) -> Options:
    """Takes what was not given from the flags of the run that is evaluated."""
    names = ["model_type", "model", "dataset", "max_number_of_steps"]
    if options.model_type in (None, flags["model_type"]):
        names += ["tau", "eps"]
    if options.dataset in (None, flags["dataset"]):
        names.append("dataset_dir")
    return options.replace(
        **{name: flags.get(name) for name in names if getattr(options, name) is None}
    )


def _say_loudly(*paragraphs: str) -> None:
    lines = [line for text in paragraphs for line in textwrap.wrap(text, 74)]
    edge = "*" * 80
    body = "\n".join(f"** {line:74} **" for line in lines)
    print(f"{edge}\n{body}\n{edge}", file=sys.stderr, flush=True)
