"""Saves checkpoints while training."""

import time

from sact_keras.checkpoints.saved_checkpoint import SavedCheckpoint
from sact_keras.checkpoints.store import CheckpointStore
from sact_keras.training.callbacks.global_step_callback import GlobalStepCallback


class CheckpointSaver(GlobalStepCallback):
    """Saves every so many seconds, and after the last step.

    Args:
        store: Where to.
        start_step: Steps done before this `fit`.
        num_steps: Steps of the whole training.
        seconds: Least time from one checkpoint to the next, at least 0.
    """

    def __init__(
        self, store: CheckpointStore, start_step: int, num_steps: int, seconds: float
    ) -> None:
        super().__init__(start_step, num_steps)
        self.store = store
        self.seconds = seconds
        self._saved_at = time.monotonic()

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Starts the clock."""
        del logs
        self._saved_at = time.monotonic()

    def on_step_end(self, step: int, logs: dict[str, float]) -> None:
        """Saves if it is time to."""
        del logs
        if step == self.num_steps or time.monotonic() - self._saved_at >= self.seconds:
            self.save(step)

    def save(
        self, step: int, metrics: dict[str, float] | None = None
    ) -> SavedCheckpoint:
        """Saves now.

        Raises:
            NonFiniteWeightsError: If the weights are not finite.
            OSError: If they cannot be written.
        """
        checkpoint = self.store.save(self.model, step, metrics)
        self._saved_at = time.monotonic()
        return checkpoint
