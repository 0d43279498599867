"""Trains a model: one `fit` from the step it starts at to the last."""

import logging
from pathlib import Path

import numpy as np

from sact_keras.checkpoints.store import CheckpointStore
from sact_keras.checkpoints.training_state import NonFiniteWeightsError
from sact_keras.data import ImageDataset
from sact_keras.models.presets import DATASETS
from sact_keras.training.build import build_for_training
from sact_keras.training.callbacks.best_checkpoint import BestCheckpoint, is_evaluated
from sact_keras.training.callbacks.checkpoint_saver import CheckpointSaver
from sact_keras.training.callbacks.metrics_log import MetricsLog
from sact_keras.training.callbacks.metrics_window import MetricsWindow
from sact_keras.training.callbacks.progress_bar import ProgressBar
from sact_keras.training.callbacks.save_on_fault import SaveOnFault
from sact_keras.training.callbacks.tensorboard_summaries import TensorBoardSummaries
from sact_keras.training.dataset_evaluation import DatasetEvaluation
from sact_keras.training.distribution.agreement import share_state
from sact_keras.training.distribution.distribution import ALONE, Distribution
from sact_keras.training.diverged_error import DivergedError
from sact_keras.training.evaluation import Evaluation
from sact_keras.training.metrics_file import MetricsFile
from sact_keras.training.options import Options
from sact_keras.training.pruning import make_pruning
from sact_keras.training.random_states import kept_random_states
from sact_keras.training.start import start_training
from sact_keras.training.steps import (
    Interrupted,
    make_steps,
    method_callbacks,
    own_batches,
    stop_callback,
    training_batches,
)

logger = logging.getLogger(__name__)

NUM_HEATMAPS = 4


def train(
    options: Options, dataset: ImageDataset, distribution: Distribution = ALONE
) -> Evaluation | None:
    """Trains, or goes on training, until `max_number_of_steps` steps are done.

    The state after step k is a function of the options alone, whenever and however
    often the training was interrupted: the batch of a step follows from the seed and
    the step, and a checkpoint holds all else.

    Args:
        options: Resolved options; `train_log_dir` must be writable.
        dataset: What to train on.
        distribution: The devices to train on. Of several processes this is the chief;
            the others call `follow`.

    Returns:
        The evaluation of the final weights, if the training has made it.

    Raises:
        Interrupted: After SIGINT or SIGTERM.
        DivergedError: If the loss or a weight is not finite; says which checkpoint is
            the last good one.
        LostWorkerError: If another process has ended.
        CheckpointMismatchError: If `finetune_path` is of another architecture.
        FileNotFoundError: If it does not exist.
    """
    directory = Path(options.train_log_dir)
    num_steps = options.max_number_of_steps
    recipe = options.recipe
    model = build_for_training(options, dataset, distribution)
    pruning = make_pruning(options, model)
    companions = [] if pruning is None else [pruning]
    store = CheckpointStore(directory / "checkpoints", companions=companions)
    evaluation = DatasetEvaluation(
        model, options, dataset, jit_compile=model.jit_compile
    )
    checkpoint = store.latest()
    if checkpoint is None:
        # Reads all that is held in memory, and the beginning of what is not: what is
        # wrong with it is seen before anything is written.
        next(iter(own_batches(options, dataset, distribution, start_step=0)))
        next(evaluation.batches())
    own_classes = DATASETS[options.dataset].num_classes is None
    class_names = dataset.class_names if own_classes else None
    step = start_training(options, model, store, checkpoint, class_names)
    share_state(distribution, model, step, pruning)
    metrics = MetricsFile(directory / "metrics.jsonl")
    interval = options.eval_interval_steps
    if interval is None:
        interval = min(recipe.eval_interval_steps, max(1, num_steps // 4))
    # A signal has broken the evaluation off after which this step was saved.
    lacks_evaluation = is_evaluated(
        step, num_steps, interval
    ) and not metrics.has_evaluation(step)
    if step >= num_steps and not lacks_evaluation:
        logger.info("All %d steps of the training in %s are done", num_steps, directory)
        return None

    metrics.rewind(step)
    evaluations: dict[int, Evaluation] = {}

    def evaluate(at_step: int) -> Evaluation:
        with stop.breaks_off(), kept_random_states(model):
            found = evaluation()
        metrics.append(at_step, options.split_name, found.values)
        summaries.write_scalars(at_step, found.values)
        evaluations[at_step] = found
        progress.say(
            f"step {at_step}: accuracy {100 * found.accuracy:.2f}% on "
            f"{found.num_examples} images of {dataset.name}/{options.split_name}"
        )
        return found

    where = {"start_step": step, "num_steps": num_steps}
    saver = CheckpointSaver(store, seconds=options.save_interval_secs, **where)
    stop = stop_callback(model, saver, distribution, **where)
    # Of several processes, all would have to take part in reading what is saved.
    alone = distribution.num_workers == 1
    fault = SaveOnFault(saver if alone else None, dataset, **where)
    progress = ProgressBar(batch_size=options.batch_size, **where)
    summaries = TensorBoardSummaries(
        directory,
        seconds=options.save_summaries_secs,
        images=_first_images(options, dataset),
        border=recipe.heatmap_border,
        **where,
    )
    callbacks = [
        *method_callbacks(options, dataset, model, **where),
        *companions,
        fault,
        progress,
        MetricsLog(metrics, **where),
        summaries,
    ]
    best = BestCheckpoint(evaluate, saver, interval=interval, **where)
    callbacks += [best, saver, stop, MetricsWindow(**where)]

    logger.info(
        "Training %s on %s, on %s: steps %d to %d in %s (the first compiles the "
        "program)",
        model.name,
        dataset.name,
        distribution.describe(),
        step + 1,
        num_steps,
        directory,
    )
    batches = training_batches(options, dataset, distribution, start_step=step)
    with stop, fault:
        if lacks_evaluation:
            saver.set_model(model)
            best.on_step_end(step, {})
        try:
            if step < num_steps and stop.received is None:
                make_steps(model, batches, num_steps - step, callbacks)
        except (DivergedError, NonFiniteWeightsError) as error:
            raise DivergedError(
                f"{error}: the training has diverged and is stopped. The last good "
                f"checkpoint, {store.latest().path}, is kept; another run with a "
                "smaller --learning_rate may do better"
            ) from error
    if stop.received is not None:
        logger.info("Stopped after saving a checkpoint; the same command goes on")
        raise Interrupted(stop.received)
    return evaluations.get(num_steps)


def _first_images(options: Options, dataset: ImageDataset) -> np.ndarray:
    # Fewer where the split has no more.
    batches = dataset.evaluation_batches(
        NUM_HEATMAPS, split=options.split_name, preprocessing=options.preprocessing
    )
    images, _ = next(iter(batches))
    return np.asarray(images)
