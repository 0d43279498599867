"""Evaluates the checkpoints of a run as they appear."""

import logging
import re
import time
from collections.abc import Callable
from pathlib import Path

import keras

from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.checkpoints.sact import find_tensorflow_checkpoint
from sact_keras.checkpoints.saved_checkpoint import INDEX_FILE, SavedCheckpoint
from sact_keras.checkpoints.store import CheckpointStore, find_checkpoint
from sact_keras.data import ImageDataset
from sact_keras.training.build import build_network
from sact_keras.training.dataset_evaluation import DatasetEvaluation
from sact_keras.training.environment import choose_jit_compile
from sact_keras.training.evaluation import Evaluation
from sact_keras.training.load_weights import load_weights
from sact_keras.training.options import Options
from sact_keras.training.random_states import kept_random_states

logger = logging.getLogger(__name__)


def watch_checkpoints(
    options: Options,
    dataset: ImageDataset,
    *,
    num_steps: int | None,
    report: Callable[[Evaluation, int | None, Path], None],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Evaluates what `checkpoint_dir` holds, and what it comes to hold.

    It ends when the checkpoint of the training's last step has been evaluated, or
    after the first evaluation with `evaluate_once` or where `checkpoint_dir` is
    not a run but one checkpoint.

    Args:
        options: Resolved options.
        dataset: What to evaluate on.
        num_steps: Steps of the whole training, if they are known.
        report: Called with each evaluation, its step and its checkpoint's path.
        sleep: Waits a number of seconds.

    Raises:
        FileNotFoundError: If there is no checkpoint and no run that will bring one.
        CheckpointMismatchError: If the checkpoint is of another architecture.
    """
    path = Path(options.checkpoint_dir)
    # What gates sample in an evaluation is a function of the seed.
    keras.utils.set_random_seed(options.seed)
    model = build_network(options, dataset.num_classes)
    evaluation = DatasetEvaluation(
        model,
        options,
        dataset,
        jit_compile=choose_jit_compile(options.jit_compile),
    )

    def evaluate(source: Path) -> Evaluation:
        logger.info("Evaluating %s", source)
        with kept_random_states(model):
            return evaluation()

    if not _is_run(path):
        load_weights(model, path, policy_path=options.policy_path)
        report(evaluate(path), _step_of(path), path)
        return
    evaluated = -1
    while True:
        checkpoint = _newer_checkpoint(path, evaluated)
        if checkpoint is None and options.evaluate_once:
            find_checkpoint(path)  # Raises, and says what was looked for.
        if checkpoint is not None and _load(model, checkpoint, options.policy_path):
            report(evaluate(checkpoint.path), checkpoint.step, checkpoint.path)
            evaluated = checkpoint.step
            if options.evaluate_once:
                return
        if num_steps is not None and evaluated >= num_steps:
            logger.info("Step %d, the training's last, is evaluated", evaluated)
            return
        if checkpoint is None:
            logger.info(
                "No new checkpoint in %s; looking again in %g s (Ctrl-C to end)",
                path,
                options.eval_interval_secs,
            )
            sleep(options.eval_interval_secs)


def _is_run(path: Path) -> bool:
    """Whether more checkpoints may come to a path: a run, or its checkpoints folder."""
    if (path / INDEX_FILE).exists():
        return False
    if (path / "config.json").exists() or (path / "checkpoints").is_dir():
        return True
    return path.is_dir() and CheckpointStore(path).latest() is not None


def _step_of(path: Path) -> int | None:
    """The step of one checkpoint; None where it does not say."""
    if path.is_dir() and (path / INDEX_FILE).exists():
        return find_checkpoint(path).step
    # TensorFlow 1 ends a checkpoint's name with the step: model.ckpt-1234.
    name = find_tensorflow_checkpoint(path) or ""
    step = re.search(r"-(\d+)$", name)
    return int(step[1]) if step else None


def _newer_checkpoint(path: Path, step: int) -> SavedCheckpoint | None:
    try:
        checkpoint = find_checkpoint(path)
    except FileNotFoundError:
        return None
    return checkpoint if checkpoint.step > step else None


def _load(
    model: keras.Model, checkpoint: SavedCheckpoint, policy_path: str | None
) -> bool:
    """Loads a checkpoint, unless the training has removed it meanwhile."""
    try:
        load_weights(model, checkpoint.path, policy_path=policy_path)
    except (FileNotFoundError, DamagedFileError):
        if checkpoint.path.exists():
            raise
        return False
    return True
