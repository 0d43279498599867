"""Ends the training of several processes in good order."""

import signal

from sact_keras.training.callbacks.checkpoint_saver import CheckpointSaver
from sact_keras.training.callbacks.stop_on_signal import StopOnSignal
from sact_keras.training.distribution.train_function import TrainFunction


class StopTogether(StopOnSignal):
    """Stops all processes after the same step, whichever has received a signal.

    Each step needs all of them: one that stopped by itself would leave the others
    waiting. So each says with the next step that it wants to stop.

    Args:
        saver: Saves the checkpoint; None in a process that saves none.
        train_function: The processes' steps.
        start_step: Steps done before this `fit`.
        num_steps: Steps of the whole training.
    """

    def __init__(
        self,
        saver: CheckpointSaver | None,
        train_function: TrainFunction,
        start_step: int,
        num_steps: int,
    ) -> None:
        super().__init__(saver, start_step, num_steps)
        self.train_function = train_function
        self._has_saved = False
        train_function.wants_to_stop = lambda: self.received is not None

    def on_step_end(self, step: int, logs: dict[str, float]) -> None:
        """Stops if a signal had come to any process when the step began."""
        del logs
        if self.has_broken_off and not self._has_saved:
            # Here whoever goes on makes up for the evaluation, not after the next step.
            self.saver.save(step)
            self._has_saved = True
        if not self.train_function.stops:
            return
        if self.received is None:
            self.received = signal.SIGTERM
        if self.saver is not None and not self._has_saved:
            self.saver.save(step)
        self.model.stop_training = True
