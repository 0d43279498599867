"""Where a training begins, or goes on."""

import logging
from collections.abc import Sequence
from pathlib import Path

import keras

from sact_keras.checkpoints.network_description import is_decision
from sact_keras.checkpoints.saved_checkpoint import SavedCheckpoint
from sact_keras.checkpoints.store import CheckpointStore
from sact_keras.training.callbacks.best_checkpoint import finish_marking
from sact_keras.training.options import Options
from sact_keras.training.run_config import RunConfig
from sact_keras.training.stages import load_start

logger = logging.getLogger(__name__)


def start_training(
    options: Options,
    model: keras.Model,
    store: CheckpointStore,
    checkpoint: SavedCheckpoint | None,
    class_names: Sequence[str] | None = None,
) -> int:
    """Puts a model where its run goes on, and returns the steps done.

    A run that begins saves a checkpoint of its step 0: from there on there always is
    one to go on from.

    Args:
        options: Resolved options.
        model: Compiled, its optimizer built.
        store: The run's checkpoints.
        checkpoint: The one to go on from; None to begin.
        class_names: Of the classes, where only the data knows them.

    Raises:
        CheckpointMismatchError: If `finetune_path` is of another architecture.
        DamagedFileError: If what is to be loaded is damaged.
        FileNotFoundError: If `finetune_path` does not exist.
        OSError: If the directory cannot be written.
    """
    directory = Path(options.train_log_dir)
    store.clean()
    if checkpoint is not None:
        step = store.restore(model, checkpoint)
        finish_marking(store, checkpoint)
        # Damaged ones after it, which must not count among the latest.
        store.set_aside_after(step)
        if step < options.max_number_of_steps:
            logger.info("Going on from step %d: %s", step, checkpoint.path)
        return step
    if options.finetune_path is not None:
        _load_finetune_path(options, model)
    if RunConfig.read(directory) is not None:
        logger.warning("%s has no checkpoint to go on from: starting anew", directory)
    directory.mkdir(parents=True, exist_ok=True)
    RunConfig.of(options, class_names).write(directory)
    store.set_aside_after(-1)
    store.save(model, step=0)
    return 0


def _load_finetune_path(options: Options, model: keras.Model) -> None:
    """Loads the weights to start from."""
    load_start(options, model)
    decides = any(is_decision(variable.path) for variable in model.weights)
    afresh = decides and not options.takes_decisions
    if options.policy_path is not None:
        deciding = f" and the policy of {options.policy_path}"
    else:
        deciding = "; the layers that decide start afresh" if afresh else ""
    logger.info("Starting from the weights of %s%s", options.finetune_path, deciding)
