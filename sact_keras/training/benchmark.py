"""Measures what computing only what masks keep saves (`--mode=benchmark`)."""

import logging
import shlex
from pathlib import Path
from typing import Any

import keras
import numpy as np

from sact_keras.benchmarking import benchmark, format_report
from sact_keras.benchmarking.speed_benchmark import check_decides
from sact_keras.compression.weight_sizes import describe_weights
from sact_keras.data import ImageDataset
from sact_keras.models import AdaptiveResNet
from sact_keras.models.presets import DATASETS
from sact_keras.training.benchmark_lists import parse_batch_sizes, parse_force_rates
from sact_keras.training.build import build_network
from sact_keras.training.check_options import check_folder_named
from sact_keras.training.dataset_evaluation import first_images
from sact_keras.training.load_weights import load_weights
from sact_keras.training.locate_checkpoint import locate_checkpoint
from sact_keras.training.options import Options
from sact_keras.training.result_files import format_json, write_result
from sact_keras.training.trained_classes import trained_num_classes
from sact_keras.training.usage_error import UsageError

logger = logging.getLogger(__name__)


def benchmark_network(options: Options, dataset: ImageDataset | None) -> None:
    """Measures the network that the options ask for, and reports on it.

    Args:
        options: Resolved options. `checkpoint_dir` says whose weights; None makes fresh
            ones of the seed.
        dataset: Whose images are run; None for random ones, of the same size.

    Raises:
        UsageError: If decisions are to be forced upon a network that makes none.
        FileNotFoundError: If there is no checkpoint.
        CheckpointMismatchError: If it is of another architecture.
        DatasetError: If bad records were skipped and no image is left.
    """
    keras.utils.set_random_seed(options.seed)
    model = build_network(options, _num_classes(options, dataset))
    rates = parse_force_rates(options.force_rate)
    if rates is not None:
        _check_decides(model)
    weights, step = _load(model, options)
    batch_sizes = parse_batch_sizes(options.benchmark_batch_sizes)
    images, source = _images(options, dataset, max(batch_sizes))
    logger.info("Weights: %s; images: %s", weights, source)
    report = benchmark(
        model,
        images,
        batch_sizes,
        rates,
        rounds=options.benchmark_rounds,
        seed=options.seed,
    )
    report["header"] |= {
        "weights": weights,
        "images": source,
        "compression": describe_weights(model),
        "command": shlex.join(options.argv),
    }
    _write(report, Path(options.eval_dir), step)
    print(format_report(report), flush=True)


def _num_classes(options: Options, dataset: ImageDataset | None) -> int | None:
    """Of the data, or of the checkpoint; None for the usual ones of the data set."""
    if dataset is not None:
        return dataset.num_classes
    if options.checkpoint_dir is not None:
        path, _ = locate_checkpoint(Path(options.checkpoint_dir))
        return trained_num_classes(options, path)
    check_folder_named(options)
    return None


def _check_decides(model: AdaptiveResNet) -> None:
    try:
        check_decides(model)
    except ValueError as error:
        raise UsageError(f"--{error}") from error


def _load(model: AdaptiveResNet, options: Options) -> tuple[str, int | None]:
    """Loads the weights; returns where from, and their step."""
    if options.checkpoint_dir is None:
        return f"fresh, of seed {options.seed}", None
    path, step = locate_checkpoint(Path(options.checkpoint_dir))
    load_weights(model, path, policy_path=options.policy_path)
    return str(path), step


def _images(
    options: Options, dataset: ImageDataset | None, number: int
) -> tuple[np.ndarray, str]:
    """At most `number` images, and where they are from."""
    if dataset is None:
        height, width = DATASETS[options.dataset].image_size
        if options.image_size is not None:
            height = width = options.image_size
        generator = np.random.default_rng(options.seed)
        images = generator.standard_normal((number, height, width, 3), np.float32)
        return images, f"random, {height}x{width}"
    images = first_images(options, dataset, number)
    return images, f"{options.dataset}/{options.split_name}"


def _write(report: dict[str, Any], directory: Path, step: int | None) -> None:
    # matplotlib takes half a second to import; only who draws has to wait for it.
    from sact_keras.benchmarking.speedup_picture import draw_speedups

    for suffix, content in (
        (".json", format_json(report)),
        (".png", draw_speedups(report)),
    ):
        write_result(directory, "benchmark", step=step, content=content, suffix=suffix)
