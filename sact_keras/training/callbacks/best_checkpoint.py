"""Keeps the checkpoint that evaluates best."""

from collections.abc import Callable

from sact_keras.training.callbacks.checkpoint_saver import CheckpointSaver
from sact_keras.training.callbacks.global_step_callback import GlobalStepCallback
from sact_keras.training.evaluation import Evaluation


class BestCheckpoint(GlobalStepCallback):
    """Evaluates every so many steps, and marks the checkpoint of highest accuracy.

    Steps rather than seconds, so that the same run always finds the same best. It
    must come before the callback that saves by the clock: a checkpoint of a step is
    then never saved without the step having been evaluated, and a training that
    resumes from it misses no evaluation.

    Args:
        evaluate: Evaluates the model as it is, at a given step.
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
        if step % self.interval and step != self.num_steps:
            return
        accuracy = self.evaluate(step).accuracy
        if accuracy > self.best_accuracy:
            self.best_accuracy = accuracy
            checkpoint = self.saver.save(step, {"accuracy": accuracy})
            self.saver.store.mark_best(checkpoint)
