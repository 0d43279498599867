"""Runs the program that the options describe."""

import logging
from pathlib import Path

import keras

from sact_keras.checkpoints.store import CheckpointStore, find_checkpoint
from sact_keras.data import (
    DatasetError,
    ImageDataset,
    choose_dataset,
    open_dataset,
)
from sact_keras.models.presets import DATASETS, num_classes_of
from sact_keras.training.attack import attack_checkpoint
from sact_keras.training.benchmark import benchmark_network
from sact_keras.training.check_options import (
    check_dataset_options,
    check_folder_named,
)
from sact_keras.training.checkpoint_options import resolve_checkpoint
from sact_keras.training.data_faults import faults_of
from sact_keras.training.distribution.agreement import wait_for_all
from sact_keras.training.distribution.check_shares import check_shares
from sact_keras.training.distribution.distribution import Distribution
from sact_keras.training.distribution.open_distribution import open_distribution
from sact_keras.training.evaluation_report import EvaluationReport
from sact_keras.training.follow import follow
from sact_keras.training.loud_notice import say_loudly
from sact_keras.training.options import Options
from sact_keras.training.resolve_model import resolve_model
from sact_keras.training.run_config import RunConfig
from sact_keras.training.squeezing import squeeze
from sact_keras.training.stages import resolve_start
from sact_keras.training.sweep import sweep_checkpoint
from sact_keras.training.train import train
from sact_keras.training.trained_classes import check_classes
from sact_keras.training.usage_error import UsageError
from sact_keras.training.watch import watch_checkpoints
from sact_keras.training.writable import check_writable

logger = logging.getLogger(__name__)

_IMAGE_FLAGS = ("dataset_dir", "split_name", "num_examples")
"""Flags by which a benchmark is asked for a data set's images."""


def run(options: Options) -> None:
    """Trains, evaluates, squeezes, attacks, benchmarks or sweeps, as the mode says.

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
    modes = {
        "eval": _evaluate,
        "squeeze": squeeze,
        "attack": _attack,
        "benchmark": _benchmark,
        "sweep": _sweep,
    }
    modes.get(options.mode, _train)(options)


def _train(options: Options) -> None:
    # Before anything else: TensorFlow divides devices up before it uses them.
    distribution = open_distribution(options)
    if distribution.is_chief:
        _lead(options, distribution)
    else:
        _follow(options, distribution)
    # A chief that fails in the evaluation after the last step fails the whole training.
    wait_for_all(distribution)


def _follow(options: Options, distribution: Distribution) -> None:
    options, _ = _resolve_training(options)
    dataset, options = open_dataset_of(options)
    check_shares(options, dataset, distribution)
    with faults_of(dataset):
        follow(options, dataset, distribution)


def _lead(options: Options, distribution: Distribution) -> None:
    options, existing = _resolve_training(options)
    directory = Path(options.train_log_dir)
    # Without a checkpoint there is nothing that other flags, or data, could spoil.
    if not CheckpointStore(directory / "checkpoints").latest():
        existing = None
    if existing is not None:
        existing.check_resumable(options, directory)
    eval_dir = Path(options.eval_dir or directory / "eval")
    check_writable(directory, "--train_log_dir")
    check_writable(eval_dir, "--eval_dir")
    dataset, options = open_dataset_of(options)
    check_classes(dataset, existing)
    check_shares(options, dataset, distribution)
    with faults_of(dataset):
        evaluation = train(options, dataset, distribution)
        if options.mode == "train":
            return
        options = options.replace(
            checkpoint_dir=str(directory), eval_dir=str(eval_dir), evaluate_once=True
        )
        report = EvaluationReport(options, dataset)
        if evaluation is None:
            watch_checkpoints(options, dataset, num_steps=None, report=report)
        else:
            checkpoint = find_checkpoint(directory)
            report(evaluation, checkpoint.step, checkpoint.path)


def _resolve_training(options: Options) -> tuple[Options, RunConfig | None]:
    """Fills in what was not given, from the run that goes on or by default."""
    existing = None
    if options.train_log_dir is not None:
        existing = RunConfig.read(Path(options.train_log_dir))
    if options.dataset is None:
        if existing is not None:
            options = options.replace(dataset=existing.flags["dataset"])
            if options.dataset == "folder" and options.dataset_dir is None:
                options = options.replace(dataset_dir=existing.flags["dataset_dir"])
        else:
            options = _choose_dataset(options)
    options = resolve_model(options).resolve_schedule().resolve_evaluation()
    if options.train_log_dir is None:
        directory = options.default_log_dir()
        logger.info("The run's directory is %s", directory)
        options = options.replace(train_log_dir=directory)
        existing = RunConfig.read(Path(directory))
    return resolve_start(options, existing), existing


def _choose_dataset(options: Options) -> Options:
    choice = choose_dataset(None, options.dataset_dir)
    if choice.is_fallback:
        schedule = options.replace(dataset=choice.name).resolve_schedule()
        work = (
            ""
            if not options.trains
            else f", for {schedule.max_number_of_steps} steps of {schedule.batch_size} "
            "images"
        )
        say_loudly(
            f"CIFAR-10 IS NOT USED: {choice.reason}",
            f"The built-in data set {choice.name!r} takes its place{work}. To insist "
            "on CIFAR-10, give --dataset=cifar10.",
        )
    else:
        logger.info("Data set: %s (%s)", choice.name, choice.reason)
    return options.replace(dataset=choice.name, dataset_dir=choice.dataset_dir)


def open_dataset_of(options: Options) -> tuple[ImageDataset, Options]:
    """Opens the data set that resolved options name; returns them with a split of it.

    Raises:
        UsageError: If the data set does not take a flag, or has fewer images.
        DatasetError: If it cannot be opened, has no such split, or other classes than
            the run that is evaluated.
    """
    check_dataset_options(options)
    check_folder_named(options)
    dataset = open_dataset(
        options.dataset,
        options.dataset_dir,
        image_size=options.image_size,
        skip_bad_records=options.skip_bad_records,
        **_labels_of(options),
    )
    available = " and ".join(dataset.num_examples)
    if options.trains and "train" not in dataset.num_examples:
        raise DatasetError(
            f"the data set {options.dataset} must have the split 'train' to train on. "
            f"Received: {available} in {options.dataset_dir}"
        )
    if not options.trains and options.checkpoint_dir is not None:
        check_classes(dataset, RunConfig.find(Path(options.checkpoint_dir)))
    usual = options.recipe.split_name
    if options.split_name == usual and "split_name" not in options.explicit:
        # A folder of images may have a validation split in place of a test split.
        options = options.replace(split_name=dataset.evaluation_split)
    if options.split_name not in dataset.num_examples:
        if options.mode != "train" or "split_name" in options.explicit:
            raise DatasetError(
                f"the data set {options.dataset} must have the split "
                f"{options.split_name!r} to evaluate on. Received: "
                f"{available} in {options.dataset_dir}"
            )
        logger.warning(
            "There is no split %r: the best checkpoint is chosen on %r",
            options.split_name,
            "train",
        )
        options = options.replace(split_name="train")
    size = dataset.num_examples[options.split_name]
    if options.num_examples is not None and options.num_examples > size:
        raise UsageError(
            f"--num_examples must be at most {size}, the images of "
            f"{options.dataset}/{options.split_name}. Received: "
            f"--num_examples={options.num_examples}"
        )
    return dataset, options


def _labels_of(options: Options) -> dict[str, bool]:
    """What tells the data set which classes the model's variant knows."""
    num_classes = num_classes_of(options.dataset, options.variant)
    if num_classes == DATASETS[options.dataset].num_classes:
        return {}
    return {"background": False}


def _evaluate(options: Options) -> None:
    dataset, options = _open_checkpoints_dataset(options)
    with faults_of(dataset):
        watch_checkpoints(
            options,
            dataset,
            num_steps=options.max_number_of_steps,
            report=EvaluationReport(options, dataset),
        )


def _attack(options: Options) -> None:
    dataset, options = _open_checkpoints_dataset(options)
    with faults_of(dataset):
        attack_checkpoint(options, dataset)


def _sweep(options: Options) -> None:
    dataset, options = _open_checkpoints_dataset(options)
    with faults_of(dataset):
        sweep_checkpoint(options, dataset)


def _open_checkpoints_dataset(options: Options) -> tuple[ImageDataset, Options]:
    """Opens what a checkpoint is evaluated on; returns its resolved options."""
    options, directory = resolve_checkpoint(options)
    if options.eval_dir is None:
        options = options.replace(eval_dir=str(directory / "eval"))
    check_writable(Path(options.eval_dir), "--eval_dir")
    if options.dataset is None:
        options = _choose_dataset(options)
    options = resolve_model(options).resolve_evaluation()
    return open_dataset_of(options)


def _benchmark(options: Options) -> None:
    directory, named = None, not options.explicit.isdisjoint(_IMAGE_FLAGS)
    if options.checkpoint_dir is not None or options.train_log_dir is not None:
        options, directory = resolve_checkpoint(options)
    if options.dataset is None:
        # Random images are of any data set's size.
        options = (
            _choose_dataset(options) if named else options.replace(dataset="cifar10")
        )
    options = resolve_model(options).resolve_evaluation()
    if options.eval_dir is None:
        default = f"{options.default_log_dir()}_benchmark"
        eval_dir = default if directory is None else directory / "eval"
        options = options.replace(eval_dir=str(eval_dir))
    check_writable(Path(options.eval_dir), "--eval_dir")
    if not named:
        check_dataset_options(options)
        benchmark_network(options, dataset=None)
        return
    dataset, options = open_dataset_of(options)
    with faults_of(dataset):
        benchmark_network(options, dataset)
