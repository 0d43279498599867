"""Tells a model how far its training is."""

from typing import Any

from sact_keras.training.callbacks.global_step_callback import GlobalStepCallback


class TrainingProgress(GlobalStepCallback):
    """Keeps `model.progress` at the share of the steps that are done.

    For methods that anneal: without it a training is for ever at its beginning. It
    follows from the global step alone, so that a training that was resumed anneals as
    one never interrupted. It must come before the callbacks that evaluate and save: a
    checkpoint then holds its own progress.

    Args:
        start_step: Steps done before this `fit`.
        num_steps: Steps of the whole training.

    Example:
        >>> import keras, sact_keras
        >>> model = sact_keras.build_model("dynconv", model="1", base_channels=4)
        >>> model.compile("sgd", "mse")
        >>> images, targets = keras.ops.ones((6, 32, 32, 3)), keras.ops.ones((6, 10))
        >>> progress = TrainingProgress(start_step=0, num_steps=3)
        >>> history = model.fit(
        ...     images, targets, batch_size=2, callbacks=[progress], verbose=0
        ... )
        >>> float(model.progress)
        1.0
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
        self.assign(self.model.progress, step / self.num_steps)
