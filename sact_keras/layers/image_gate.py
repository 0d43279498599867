"""The gate of ConvNet-AIG."""

from typing import Any

import keras
from keras import ops

from sact_keras.kernels.types import Tensor
from sact_keras.layers.cost import Cost
from sact_keras.layers.style import Style

HIDDEN_UNITS = 16

INITIAL_BIAS = (0.1, 2.0)
"""Of (skip, run): a gate is open with a probability of 0.87 at first."""


@keras.saving.register_keras_serializable(package="sact_keras")
class ImageGate(keras.layers.Layer):
    """How relevant a residual unit is to an image: two logits.

    Veit & Belongie 2018 (arXiv 1711.11503), section 3.2: the mean over the positions, a
    linear map to 16 units with batch norm and ReLU, and a linear map to two logits,
    which begins with weights of low variance, so that all images start with the same
    rate of execution.

    Args:
        style: The family's numerical conventions, or their config.

    Input shape:
        [N, H, W, channels]: the unit's input.

    Output shape:
        [N, 2], float32: logits of skipping and of running the unit.

    Example:
        >>> gate = ImageGate(style=Style(0.9, 1e-5))
        >>> gate(ops.zeros((2, 8, 8, 64))).shape
        TensorShape([2, 2])
    """

    def __init__(self, *, style: Style | dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.style = Style(**style) if isinstance(style, dict) else style
        self.hidden = self.style.linear(
            HIDDEN_UNITS, name="hidden", dtype=self.dtype_policy
        )
        self.norm = self.style.norm(name="norm", dtype=self.dtype_policy)
        # Like those of a classifier, logits stay in float32 under mixed precision.
        self.logits = self.style.linear(
            2,
            kernel_initializer=keras.initializers.RandomNormal(stddev=0.001),
            name="logits",
            dtype="float32",
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the weights for inputs of `input_shape`."""
        self._channels = input_shape[-1]
        self.hidden.build((None, self._channels))
        self.norm.build((None, HIDDEN_UNITS))
        self.logits.build((None, HIDDEN_UNITS))
        self.logits.bias.assign(INITIAL_BIAS)
        self.built = True

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """Looks at the unit's input."""
        pooled = ops.mean(inputs, axis=(1, 2))
        hidden = self.norm(self.hidden(pooled), training=training)
        return self.logits(self.style.activate(hidden))

    def costs(self) -> list[Cost]:
        """Two linear maps, for every image."""
        return [
            Cost.convolution(
                "gate_hidden", (1, 1), self._channels, HIDDEN_UNITS, per="image"
            ),
            Cost.convolution("gate_logits", (1, 1), HIDDEN_UNITS, 2, per="image"),
        ]

    def compute_output_shape(
        self, input_shape: tuple[int | None, ...]
    ) -> tuple[int | None, int]:
        """Two logits an image."""
        return (input_shape[0], 2)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "style": self.style.get_config()}
