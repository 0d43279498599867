"""Writes what TensorBoard shows."""

import contextlib
import os
import time
from collections.abc import Iterator, Mapping

import numpy as np
import tensorflow as tf

from sact_keras.files.errors_named import errors_named
from sact_keras.training.callbacks.global_step_callback import GlobalStepCallback
from sact_keras.training.random_states import kept_random_states
from sact_keras.visualization import maximum_ponder_cost, ponder_heatmap


class TensorBoardSummaries(GlobalStepCallback):
    """Scalars, and heatmaps of where the network ponders.

    Args:
        directory: Where the event files go.
        start_step: Steps done before this `fit`.
        num_steps: Steps of the whole training.
        seconds: Least time between summaries. The last step always has one.
        images: A few preprocessed images, [N, H, W, 3], to draw heatmaps of: of the
            ponder cost where the model has it. None for no heatmaps.
        border: Pixels between an image and its map.
        window: See `GlobalStepCallback`.
    """

    def __init__(
        self,
        directory: str | os.PathLike,
        start_step: int,
        num_steps: int,
        seconds: float,
        images: np.ndarray | None = None,
        border: int = 5,
        window: int = 10,
    ) -> None:
        super().__init__(start_step, num_steps, window)
        self.directory = os.fspath(directory)
        self.seconds = seconds
        self.images = images
        self.border = border
        self._writer: tf.summary.SummaryWriter | None = None
        self._written_at = -float("inf")

    def on_step_end(self, step: int, logs: dict[str, float]) -> None:
        """Writes at the first window's end after the interval."""
        due = time.monotonic() - self._written_at >= self.seconds
        if not self.ends_window(step) or not (due or step == self.num_steps):
            return
        self._written_at = time.monotonic()
        self.write_scalars(step, {**logs, "learning_rate": self.learning_rate})
        with self._writing(step):
            self._write_heatmaps()

    def write_scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Writes values by name, such as those of an evaluation, at once."""
        with self._writing(step):
            for name, value in values.items():
                tf.summary.scalar(name, value)

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Closes the event file."""
        del logs
        if self._writer is not None:
            self._writer.close()

    @contextlib.contextmanager
    def _writing(self, step: int) -> Iterator[None]:
        with errors_named(self.directory, tf.errors.OpError):
            if self._writer is None:
                self._writer = tf.summary.create_file_writer(self.directory)
            with self._writer.as_default(step=step):
                yield
            self._writer.flush()

    def _write_heatmaps(self) -> None:
        if self.images is None:
            return
        # Outside the compiled step: a few images, once in a while.
        with kept_random_states(self.model):
            outputs = self.model(self.images, training=False)
        if "ponder_cost_map" not in outputs:
            self.images = None  # Nor will it be the next time.
            return
        maximum = maximum_ponder_cost(self.model.num_units)
        heatmaps = [
            ponder_heatmap(image, ponder_map, maximum, self.border)
            for image, ponder_map in zip(
                self.images, outputs["ponder_cost_map"].numpy(), strict=True
            )
        ]
        tf.summary.image("ponder_cost", np.stack(heatmaps), max_outputs=len(heatmaps))
