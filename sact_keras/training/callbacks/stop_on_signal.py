"""Ends a training in good order when the user or the system asks for it."""

import contextlib
import signal
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any, Self

from sact_keras.training.callbacks.checkpoint_saver import CheckpointSaver
from sact_keras.training.callbacks.global_step_callback import GlobalStepCallback
from sact_keras.training.stop_signals import REPEAT_SECONDS, STOP_SIGNALS, Stopped


class BrokenOff(Stopped):
    """A signal has come amid what is not worth finishing before the training stops."""


class StopOnSignal(GlobalStepCallback):
    """Saves a checkpoint and stops the training after SIGINT or SIGTERM.

    A context manager around `fit`. The step that runs when the signal comes is
    finished first; a second signal does what it would without this.

    Args:
        saver: Saves the checkpoint.
        start_step: Steps done before this `fit`.
        num_steps: Steps of the whole training.

    Attributes:
        received: The signal's number, or None.
        has_broken_off: Whether a block of `breaks_off` was ended.
    """

    def __init__(self, saver: CheckpointSaver, start_step: int, num_steps: int) -> None:
        super().__init__(start_step, num_steps)
        self.saver = saver
        self.received: int | None = None
        self.has_broken_off = False
        self._received_at = float("inf")
        self._breaks_off = False
        self._raised: BrokenOff | None = None
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in STOP_SIGNALS:
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

    @contextlib.contextmanager
    def breaks_off(self) -> Iterator[None]:
        """Lets a signal end the block, which may take longer than there is time.

        Raises:
            BrokenOff: In the block when a signal comes, or before it if one has come.
        """
        self._breaks_off = True
        try:
            if self.received is not None:
                raise BrokenOff(self.received)
            yield
        except BrokenOff:
            self.has_broken_off = True
            raise
        finally:
            self._breaks_off = False

    def _receive(self, number: int, frame: FrameType | None) -> None:
        del frame
        if self.received is None:
            self.received, self._received_at = number, time.monotonic()
            self._break_off()
        elif self._raised is not None and self._raised.dropped:
            self._break_off()
        elif time.monotonic() - self._received_at > REPEAT_SECONDS:
            self._restore()
            signal.raise_signal(number)

    def _break_off(self) -> None:
        self._raised = BrokenOff(self.received) if self._breaks_off else None
        if self._raised is not None:
            raise self._raised

    def _restore(self) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous = {}
