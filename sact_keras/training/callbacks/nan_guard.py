"""Stops a training that has diverged."""

import math

from sact_keras.training.callbacks.global_step_callback import GlobalStepCallback
from sact_keras.training.diverged_error import DivergedError


class NanGuard(GlobalStepCallback):
    """Raises as soon as the loss is NaN or infinite.

    It must come before the callbacks that save. Logs are running means, in which one
    step's NaN stays: what is seen first not to be finite is this very step's loss.

    Raises:
        DivergedError: Says at which step.
    """

    def on_step_end(self, step: int, logs: dict[str, float]) -> None:
        """Checks the loss."""
        if not math.isfinite(logs["loss"]):
            raise DivergedError(
                f"the loss is {logs['loss']} at step {step} of {self.num_steps}"
            )
