"""Saves what was trained before the data failed."""

import logging
from types import TracebackType
from typing import Self

import keras
import tensorflow as tf

from sact_keras.checkpoints.training_state import random_variables
from sact_keras.data import DatasetError, ImageDataset
from sact_keras.training.callbacks.checkpoint_saver import CheckpointSaver
from sact_keras.training.callbacks.global_step_callback import GlobalStepCallback

logger = logging.getLogger(__name__)


class SaveOnFault(GlobalStepCallback):
    """Saves a checkpoint of the last step where the data set ends the training.

    A context manager around `fit`, and the first of the callbacks that look at steps. A
    batch that cannot be made leaves the weights as they are after the step before, and
    so does an evaluation: nothing need be trained again once the data is back. What
    does not depend on a batch, TensorFlow may have advanced before it found that there
    is none: the count of steps, and seed generators. It is put back.

    Args:
        saver: Saves the checkpoint; None for no checkpoint.
        dataset: What is trained on; its `fault` tells its errors from others.
        start_step: Steps done before this `fit`.
        num_steps: Steps of the whole training.
    """

    def __init__(
        self,
        saver: CheckpointSaver | None,
        dataset: ImageDataset,
        start_step: int,
        num_steps: int,
    ) -> None:
        super().__init__(start_step, num_steps)
        self.saver = saver
        self.dataset = dataset
        self._step: int | None = None
        self._advancing: list[keras.Variable] = []
        self._values: list[tf.Tensor] = []

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Finds what may advance without a batch."""
        del logs
        counters = [v for v in self.model.optimizer.variables if v.shape == ()]
        self._advancing = counters + random_variables(self.model)
        # One call for all: there may be a generator for each residual unit.
        self._read = tf.function(
            lambda: [keras.ops.copy(v) for v in self._advancing], autograph=False
        )

    def on_step_end(self, step: int, logs: dict[str, float]) -> None:
        """Notes the step, on the device: nothing is waited for."""
        del logs
        if self.saver is not None:
            self._step = step
            self._values = self._read()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._step is None or not self._is_of_data(error):
            return
        for variable, value in zip(self._advancing, self._values, strict=True):
            variable.assign(value)
        try:
            checkpoint = self.saver.save(self._step)
        except (ArithmeticError, OSError) as second:
            logger.warning("Step %d is lost: %s", self._step, second)
        else:
            logger.info("Saved what was trained until then: %s", checkpoint.path)

    def _is_of_data(self, error: BaseException | None) -> bool:
        if isinstance(error, tf.errors.OpError):
            return self.dataset.fault is not None
        return isinstance(error, DatasetError)
