"""Tells a model how far its training is."""

from typing import Any

from sact_keras.training.callbacks.global_step_callback import GlobalStepCallback


class TrainingProgress(GlobalStepCallback):
    """Keeps `model.progress` at the share of the steps that are done.

    For methods that anneal. It follows from the global step alone, so that a training
    that was resumed anneals as one never interrupted. It must come before the
    callbacks that evaluate and save: a checkpoint then holds its own progress.
    """

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Sets what holds for the first step."""
        del logs
        self._set(self.start_step)

    def on_step_end(self, step: int, logs: dict[str, float]) -> None:
        """Sets what holds from now on."""
        del logs
        self._set(step)

    def _set(self, step: int) -> None:
        # On JAX the weights are with the training step while `fit` runs.
        sync = getattr(self.model, "jax_state_sync", None)
        if sync is not None:
            sync()
        self.model.progress.assign(step / self.num_steps)
