"""Measures one checkpoint under many compute budgets (`--mode=sweep`)."""

import logging
import shlex
from pathlib import Path
from typing import Any

import numpy as np

from sact_keras.benchmarking.header import describe_run
from sact_keras.data import ImageDataset
from sact_keras.models.decided_units import decided_units
from sact_keras.training.benchmark_lists import parse_batch_sizes
from sact_keras.training.checkpoint_network import load_network
from sact_keras.training.dataset_evaluation import first_images
from sact_keras.training.options import Options
from sact_keras.training.result_files import describe_checkpoint, write_result
from sact_keras.training.sweep_lists import (
    DEFAULT_COMPUTE_BUDGETS,
    parse_compute_budgets,
)
from sact_keras.training.sweep_measurements import SweepMeasurements
from sact_keras.training.sweep_table import (
    format_sweep,
    sweep_as_csv,
    sweep_as_json,
)
from sact_keras.training.usage_error import UsageError

logger = logging.getLogger(__name__)


def sweep_checkpoint(options: Options, dataset: ImageDataset) -> None:
    """Measures the checkpoint that `checkpoint_dir` holds, and reports on it.

    Args:
        options: Resolved options.
        dataset: On whose images.

    Raises:
        UsageError: If the network decides about nothing that a budget could change.
        FileNotFoundError: If there is no checkpoint.
        CheckpointMismatchError: If it is of another architecture.
        DatasetError: If bad records were skipped and no image is left.
    """
    model, path, step = load_network(options, dataset.num_classes)
    if not any(decided_units(model)):
        raise UsageError(
            "--mode=sweep needs a network that decides about residual units, for a "
            "compute budget to change its decisions. Received: "
            f"--model_type={options.model_type}, the network {model.name} of {path}"
        )
    logger.info("Sweeping %s", path)
    budgets = parse_compute_budgets(options.compute_budgets)
    if budgets is None:
        budgets = DEFAULT_COMPUTE_BUDGETS[options.model_type]
    measurements = SweepMeasurements(model, budgets)
    images = _timed_images(options, dataset)
    rows = measurements.evaluate(options, dataset)
    times, dense = measurements.time(images, options.benchmark_rounds)
    for row, of_row in zip(rows, times, strict=True):
        row.update(flops_share=row["flops_mean"] / dense["flops"], **of_row)
    header = {
        **describe_run(model, images.shape[1:3]),
        "batch_size": len(images),
        "rounds": options.benchmark_rounds,
        "seed": options.seed,
        "command": shlex.join(options.argv),
    }
    evaluated = {"step": step, **describe_checkpoint(path, options, dataset)}
    sweep = {"header": header, "evaluated": evaluated, "dense": dense, "budgets": rows}
    # Files before print: whoever reads what is printed may have gone.
    _write(sweep, Path(options.eval_dir), step)
    print(format_sweep(sweep), flush=True)


def _timed_images(options: Options, dataset: ImageDataset) -> np.ndarray:
    """The batch that is timed; it begins again where there are too few images."""
    batch_size = options.eval_batch_size
    if "benchmark_batch_sizes" in options.explicit:
        batch_size = parse_batch_sizes(options.benchmark_batch_sizes)[0]
    images = first_images(options, dataset, batch_size)
    return images[np.arange(batch_size) % len(images)]


def _write(sweep: dict[str, Any], directory: Path, step: int | None) -> None:
    # matplotlib takes half a second to import; only who draws has to wait for it.
    from sact_keras.visualization.budget_curve import draw_budget_curve

    for suffix, content in (
        (".csv", sweep_as_csv(sweep)),
        (".json", sweep_as_json(sweep)),
        (".png", draw_budget_curve(sweep)),
    ):
        write_result(directory, "sweep", step=step, content=content, suffix=suffix)
