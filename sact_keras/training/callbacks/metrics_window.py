"""Begins a new window of the training metrics."""

from sact_keras.training.callbacks.global_step_callback import GlobalStepCallback


class MetricsWindow(GlobalStepCallback):
    """Resets the metrics at each window's end, so that logs are means over a window.

    It must come after the callbacks that read the logs.
    """

    def on_step_end(self, step: int, logs: dict[str, float]) -> None:
        """Resets at the window's end."""
        del logs
        if self.ends_window(step):
            self.model.reset_metrics()
