"""Ends a training in good order when the user or the system asks for it."""

import signal
from types import FrameType
from typing import Any, Self

from sact_keras.training.callbacks.checkpoint_saver import CheckpointSaver
from sact_keras.training.callbacks.global_step_callback import GlobalStepCallback

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopOnSignal(GlobalStepCallback):
    """Saves a checkpoint and stops the training after SIGINT or SIGTERM.

    A context manager around `fit`. The step that runs when the signal comes is
    finished first; a second signal ends the program at once.

    Args:
        saver: Saves the checkpoint.
        start_step: Steps done before this `fit`.
        num_steps: Steps of the whole training.

    Attributes:
        received: The signal's number, or None.
    """

    def __init__(self, saver: CheckpointSaver, start_step: int, num_steps: int) -> None:
        super().__init__(start_step, num_steps)
        self.saver = saver
        self.received: int | None = None
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in _SIGNALS:
            self._previous[number] = signal.signal(number, self._receive)
        return self

    def __exit__(self, *exception: object) -> None:
        self._restore()

    def on_step_end(self, step: int, logs: dict[str, float]) -> None:
        """Stops if a signal has come."""
        del logs
        if self.received is not None:
            self.saver.save(step)
            self.model.stop_training = True

    def _receive(self, number: int, frame: FrameType | None) -> None:
        del frame
        self.received = number
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous = {}
