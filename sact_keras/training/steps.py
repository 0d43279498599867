"""The steps of a training: what all of its processes do alike."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from sact_keras.data import ImageDataset
from sact_keras.training.callbacks.checkpoint_saver import CheckpointSaver
from sact_keras.training.callbacks.curriculum import Curriculum
from sact_keras.training.callbacks.nan_guard import NanGuard
from sact_keras.training.callbacks.stop_on_signal import StopOnSignal
from sact_keras.training.callbacks.stop_together import StopTogether
from sact_keras.training.callbacks.training_progress import TrainingProgress
from sact_keras.training.distribution.batches import distribute_batches
from sact_keras.training.distribution.distribution import Distribution
from sact_keras.training.distribution.losses_of_workers import losses_of_workers
from sact_keras.training.distribution.train_function import TrainFunction
from sact_keras.training.options import Options
from sact_keras.training.stages import steps_per_unit


class Interrupted(Exception):
    """The training was stopped by a signal, after a checkpoint had been saved.

    Attributes:
        signal_number: Which signal.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"stopped by signal {signal_number}")
        self.signal_number = signal_number


def own_batches(
    options: Options,
    dataset: ImageDataset,
    distribution: Distribution,
    start_step: int,
) -> tf.data.Dataset:
    """This process' part of each batch, from a step on."""
    return dataset.training_batches(
        options.batch_size,
        seed=options.seed,
        start_step=start_step,
        preprocessing=options.preprocessing,
        part=(distribution.worker, distribution.num_workers),
    )


def training_batches(
    options: Options,
    dataset: ImageDataset,
    distribution: Distribution,
    start_step: int,
) -> tf.data.Dataset | tf.distribute.DistributedDataset:
    """What this process' devices are trained on, from a step on."""
    batches = own_batches(options, dataset, distribution, start_step)
    return distribute_batches(batches, distribution, options.accumulate_steps)


def method_callbacks(
    options: Options, dataset: ImageDataset, model: keras.Model, **where: int
) -> list[keras.callbacks.Callback]:
    """Callbacks that see to the model's state; they come before all others.

    Args:
        options: Resolved options.
        dataset: What is trained on.
        model: What is trained.
        **where: `start_step` and `num_steps`.
    """
    callbacks = [NanGuard(**where)]
    if model.progress is not None:
        callbacks.append(TrainingProgress(**where))
    if options.stage == "curriculum":
        steps = steps_per_unit(options, dataset.num_examples["train"])
        callbacks.append(Curriculum(**where, steps_per_unit=steps))
    return callbacks


def stop_callback(
    model: keras.Model,
    saver: CheckpointSaver | None,
    distribution: Distribution,
    **where: int,
) -> StopOnSignal:
    """What stops the training after a signal to this process, or to any."""
    if distribution.num_workers == 1:
        return StopOnSignal(saver, **where)
    return StopTogether(saver, model.train_function, **where)


def make_steps(
    model: keras.Model,
    batches: Any,
    num_steps: int,
    callbacks: Sequence[keras.callbacks.Callback],
) -> None:
    """Trains for so many steps.

    Raises:
        LostWorkerError: If another process has ended.
    """
    if isinstance(model.train_function, TrainFunction):
        batches = model.train_function.take(batches)
    # One epoch of all steps: Keras' epochs, at whose ends it would reset and call back,
    # would depend on where the training was resumed.
    with losses_of_workers():
        model.fit(
            batches,
            epochs=1,
            steps_per_epoch=num_steps,
            shuffle=False,
            verbose=0,
            callbacks=list(callbacks),
        )
