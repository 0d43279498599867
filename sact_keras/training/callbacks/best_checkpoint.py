"""Keeps the checkpoint that evaluates best."""

from collections.abc import Callable

from sact_keras.checkpoints.saved_checkpoint import SavedCheckpoint
from sact_keras.checkpoints.store import CheckpointStore
from sact_keras.training.callbacks.checkpoint_saver import CheckpointSaver
from sact_keras.training.callbacks.global_step_callback import GlobalStepCallback
from sact_keras.training.callbacks.stop_on_signal import BrokenOff
from sact_keras.training.evaluation import Evaluation


class BestCheckpoint(GlobalStepCallback):
    """Evaluates every so many steps, and marks the checkpoint of highest accuracy.

    Steps rather than seconds, so that the same run always finds the same best. It
    must come before the callback that saves by the clock: a checkpoint of a step is
    then never saved without the step having been evaluated, and a training that
    resumes from it misses no evaluation but one that a signal has broken off: whoever
    resumes makes up for it.

    Args:
        evaluate: Evaluates the model as it is, at a given step; may raise `BrokenOff`.
        saver: Saves the checkpoint that is the best.
        start_step: Steps done before this `fit`.
        num_steps: Steps of the whole training.
        interval: Steps between evaluations, at least 1; the last step is evaluated
            too.
    """

    def __init__(
        self,
        evaluate: Callable[[int], Evaluation],
        saver: CheckpointSaver,
        start_step: int,
        num_steps: int,
        interval: int,
    ) -> None:
        super().__init__(start_step, num_steps)
        self.evaluate = evaluate
        self.saver = saver
        self.interval = interval
        best = saver.store.best()
        self.best_accuracy = -1.0 if best is None else best.metrics["accuracy"]

    def on_step_end(self, step: int, logs: dict[str, float]) -> None:
        """Evaluates if it is time to."""
        del logs
        if not is_evaluated(step, self.num_steps, self.interval):
            return
        try:
            accuracy = self.evaluate(step).accuracy
        except BrokenOff:
            return
        if accuracy > self.best_accuracy:
            self.best_accuracy = accuracy
            checkpoint = self.saver.save(step, {"accuracy": accuracy})
            self.saver.store.mark_best(checkpoint)


def is_evaluated(step: int, num_steps: int, interval: int) -> bool:
    """Whether the model is evaluated after `step` steps; never if `interval` is 0.

    Example:
        >>> [step for step in range(8) if is_evaluated(step, num_steps=7, interval=3)]
        [3, 6, 7]
    """
    return interval > 0 and step > 0 and (step % interval == 0 or step == num_steps)


def finish_marking(store: CheckpointStore, latest: SavedCheckpoint) -> None:
    """Marks the best checkpoint, where a kill has come between its saving and that."""
    if "accuracy" not in latest.metrics:
        return
    best = store.best()
    if best is None or latest.metrics["accuracy"] > best.metrics["accuracy"]:
        store.mark_best(latest)
