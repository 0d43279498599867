"""The decision of DynConv: run a unit or skip it, at each position."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from sact_keras.kernels.types import Tensor
from sact_keras.layers.cost import Cost
from sact_keras.layers.gumbel import straight_through
from sact_keras.layers.gumbel_decision import GumbelDecision, GumbelState
from sact_keras.layers.mask_unit import MaskUnit
from sact_keras.layers.style import Style


@keras.saving.register_keras_serializable(package="sact_keras")
class MaskDecision(GumbelDecision):
    """Asks a mask unit before each residual unit which positions need it.

    Verelst & Tuytelaars 2020 (arXiv 1912.03203), section 3. In training Gumbel noise is
    added to the mask unit's scores, which are then thresholded with straight-through
    gradients (see `sact_keras.layers.gumbel`); for the last fifth of the training the
    noise is off by default. Without training a position runs where its score is not
    negative.

    Args:
        num_units: Units of the block.
        strides: Stride of the first of them.
        temperatures: Of the sigmoid in the gradients, above 0, one for each equal part
            of the training: (5, 2.5, 1) begins with 5 and ends with 1.
        noise_until: Share of the training after which the noise is off, in [0, 1].
        seed: Of the noise; None draws one from Keras' global seed.
        style: The family's numerical conventions, or their config.

    Noise:
        A unit's noise is two uniform draws in [0, 1) for each position of its output,
        [N, h, w, 2], for running and for skipping.

    Raises:
        ValueError: If a temperature is not above 0, or there is none; if `noise_until`
            is not in [0, 1].

    Example:
        >>> decision = MaskDecision(2, style=Style(0.9, 1e-5))
        >>> features = ops.ones((1, 4, 4, 16))
        >>> decision.build(features.shape)
        >>> mask, state = decision.before_unit(0, features, decision.start(features))
        >>> mask.shape
        TensorShape([1, 4, 4])
    """

    spatial = True
    noise_epsilon = 1e-8

    def __init__(
        self,
        num_units: int,
        strides: int = 1,
        temperatures: Sequence[float] = (1.0,),
        noise_until: float = 0.8,
        seed: int | None = None,
        *,
        style: Style | dict[str, Any],
        **kwargs: Any,
    ) -> None:
        super().__init__(noise_until, seed, style=style, **kwargs)
        if not temperatures or min(temperatures) <= 0:
            raise ValueError(
                "temperatures must be at least one number above 0. "
                f"Received: temperatures={tuple(temperatures)}"
            )
        self.num_units = num_units
        self.strides = strides
        self.temperatures = [float(value) for value in temperatures]
        self.maskers = [
            MaskUnit(
                strides if index == 0 else 1,
                style=self.style,
                name=f"unit_{index + 1}",
                dtype=self.dtype_policy,
            )
            for index in range(num_units)
        ]

    def build(
        self,
        input_shape: tuple[int | None, ...],
        output_shape: tuple[int | None, ...] | None = None,
    ) -> None:
        """Creates the weights; see the base class."""
        for index, masker in enumerate(self.maskers):
            masker.build(output_shape or input_shape if index else input_shape)
        self.built = True

    def reads_input(self, index: int) -> bool:
        """A mask unit looks at the residual unit's input."""
        del index
        return True

    def before_unit(
        self, index: int, inputs: Tensor, state: GumbelState, training: bool = False
    ) -> tuple[Tensor, GumbelState]:
        """Asks the unit's mask unit."""
        score = self.maskers[index](inputs, training=training)
        if state.threshold is not None:
            score = score - state.threshold[:, None, None]
        temperature = 1.0
        if training:
            noise = self.noise(index, (*ops.shape(score), 2), state)
            noisy = score + noise[..., 0] - noise[..., 1]
            score = ops.where(self.is_noisy(state), noisy, score)
            temperature = self._temperature(state.progress)
        return straight_through(score, temperature, at_zero=1.0), state

    def costs(self, index: int) -> list[Cost]:
        """The unit's mask unit."""
        return self.maskers[index].costs()

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "num_units": self.num_units,
            "strides": self.strides,
            "temperatures": self.temperatures,
        }

    def _temperature(self, progress: Tensor) -> Tensor:
        parts = len(self.temperatures)
        part = ops.minimum(ops.cast(progress * parts, "int32"), parts - 1)
        return ops.take(ops.convert_to_tensor(self.temperatures, "float32"), part)
