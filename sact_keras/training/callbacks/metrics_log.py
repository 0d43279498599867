"""Writes the training metrics to metrics.jsonl."""

from sact_keras.training.callbacks.global_step_callback import GlobalStepCallback
from sact_keras.training.metrics_file import MetricsFile


class MetricsLog(GlobalStepCallback):
    """Appends a line with the means over each window.

    Args:
        file: Where to.
        start_step: Steps done before this `fit`.
        num_steps: Steps of the whole training.
        window: Steps of a window.
    """

    def __init__(
        self, file: MetricsFile, start_step: int, num_steps: int, window: int = 10
    ) -> None:
        super().__init__(start_step, num_steps, window)
        self.file = file

    def on_step_end(self, step: int, logs: dict[str, float]) -> None:
        """Writes at the window's end."""
        if self.ends_window(step):
            logs = {**logs, "learning_rate": self.learning_rate}
            self.file.append(step, "train", logs)
