"""Callbacks that count steps of the training, not of the process."""

from typing import Any

import keras


class GlobalStepCallback(keras.callbacks.Callback):
    """Base of callbacks that are told the global step.

    Keras counts batches from 0 in every `fit`; a resumed training goes on from the
    step that its checkpoint was saved at. Subclasses implement `on_step_end`.

    Args:
        start_step: Steps done before this `fit`.
        num_steps: Steps of the whole training.
        window: Logs are running means since the last multiple of `window` steps,
            where `MetricsWindow` resets them.
    """

    def __init__(self, start_step: int, num_steps: int, window: int = 10) -> None:
        super().__init__()
        self.start_step = start_step
        self.num_steps = num_steps
        self.window = window

    def on_train_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        """Translates Keras' count of batches."""
        self.on_step_end(self.start_step + batch + 1, logs or {})

    def on_step_end(self, step: int, logs: dict[str, float]) -> None:
        """Called when `step` steps of the training have been done.

        Args:
            step: From `start_step` + 1 to `num_steps`.
            logs: Means of "loss", "accuracy" and so on over the window so far.
        """
        raise NotImplementedError

    def assign(self, variable: keras.Variable, value: float) -> None:
        """Assigns to one of the model's variables while it trains."""
        # On JAX the weights are with the training step while `fit` runs.
        sync = getattr(self.model, "jax_state_sync", None)
        if sync is not None:
            sync()
        variable.assign(value)

    @property
    def learning_rate(self) -> float:
        """The rate of the next step."""
        # A constant rate is a variable, of which each replica has a copy.
        rate = keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)
        return float(rate)

    def ends_window(self, step: int) -> bool:
        """Whether a window of the metrics ends with `step`."""
        return step % self.window == 0 or step == self.num_steps
