"""Lets a policy decide about ever more units."""

from typing import Any

from sact_keras.training.callbacks.global_step_callback import GlobalStepCallback


class Curriculum(GlobalStepCallback):
    """Frees one more unit every so many steps, from the last to the first.

    Wu et al. 2018 (arXiv 1711.08393, section 3.3): in epoch t, counted from 1, a policy
    decides about the last t units, and all ahead of them run. It follows from the
    global step alone, so that a training that was resumed goes on as one never
    interrupted. A unit is freed when a step begins: what is evaluated and saved between
    steps decides about the units that it has learnt to decide about.

    Args:
        start_step: Steps done before this `fit`.
        num_steps: Steps of the whole training.
        steps_per_unit: Steps after which one more unit is free, at least 1: those of
            an epoch in the original.

    Raises:
        ValueError: If `steps_per_unit` is less than 1.

    Example:
        >>> import keras, sact_keras
        >>> model = sact_keras.build_model(
        ...     "blockdrop", model="1", base_channels=4, stage="curriculum"
        ... )
        >>> model.compile("adam", keras.losses.SparseCategoricalCrossentropy(True))
        >>> images, labels = keras.ops.ones((6, 32, 32, 3)), keras.ops.arange(6)
        >>> curriculum = Curriculum(start_step=0, num_steps=3, steps_per_unit=2)
        >>> history = model.fit(
        ...     images, labels, batch_size=2, callbacks=[curriculum], verbose=0
        ... )
        >>> float(model.policy.free_units)
        2.0
    """

    def __init__(self, start_step: int, num_steps: int, steps_per_unit: int) -> None:
        if steps_per_unit < 1:
            raise ValueError(
                "steps_per_unit must be at least 1. "
                f"Received: steps_per_unit={steps_per_unit}"
            )
        super().__init__(start_step, num_steps)
        self.steps_per_unit = steps_per_unit

    def on_train_batch_begin(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        """Sets what holds for a step, where it changes."""
        del logs
        done = self.start_step + batch
        if batch == 0 or done % self.steps_per_unit == 0:
            policy = self.model.policy
            free = min(policy.num_units, 1 + done // self.steps_per_unit)
            self.assign(policy.free_units, free)

    def on_step_end(self, step: int, logs: dict[str, float]) -> None:
        """Nothing changes when a step ends."""
