"""A method that only masks: what masked execution costs, apart from deciding."""

import keras
from keras import ops

from sact_keras.kernels.types import Tensor
from sact_keras.layers import Decision
from sact_keras.models.methods import METHODS, Method


class RandomMasks(Decision):
    """Runs every unit but a block's first at half of the positions, at random."""

    spatial = True

    def __init__(self) -> None:
        super().__init__(name="random_masks")
        self.seed_generator = keras.random.SeedGenerator(0)

    def before_unit(
        self, index: int, inputs: Tensor, state: None, training: bool = False
    ) -> tuple[Tensor | None, None]:
        """Draws a mask; nothing is computed from the features."""
        if index == 0:
            return None, state
        shape = ops.shape(inputs)[:3]
        noise = keras.random.uniform(shape, seed=self.seed_generator)
        return ops.cast(noise < 0.5, "float32"), state


def register() -> None:
    """Makes `build_model` know the method as "masked"."""
    from sact_keras.models import presets

    METHODS["masked"] = Method(lambda plan, arguments: RandomMasks())
    presets.MODEL_TYPES = (*presets.MODEL_TYPES, "masked")
