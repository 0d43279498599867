"""The head of the post-activation ResNets."""

from typing import Any

import keras
from keras import ops

from sact_keras.kernels.types import Tensor
from sact_keras.layers.cost import Cost
from sact_keras.layers.style import Style


@keras.saving.register_keras_serializable(package="sact_keras")
class LinearClassifier(keras.layers.Layer):
    """Global average pooling and a linear map to the logits.

    Args:
        num_classes: Number of logits.
        style: The family's numerical conventions, or their config.

    Input shape:
        [N, h, w, channels].

    Output shape:
        [N, num_classes], float32.

    Example:
        >>> head = LinearClassifier(10, style=Style(0.9, 1e-5))
        >>> head(ops.ones((2, 8, 8, 64))).shape
        TensorShape([2, 10])
    """

    def __init__(
        self, num_classes: int, *, style: Style | dict[str, Any], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.num_classes = num_classes
        self.style = Style(**style) if isinstance(style, dict) else style
        self.logits = self.style.output(num_classes, name="logits")

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the weights for inputs of `input_shape`."""
        self._channels = input_shape[-1]
        self.logits.build((None, self._channels))
        self.built = True

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """Classifies the features of the last block."""
        del training
        return self.logits(ops.mean(inputs, axis=(1, 2)))

    def costs(self) -> list[Cost]:
        """One linear map an image, which the originals' MACs leave out."""
        return [
            Cost.convolution(
                "logits", (1, 1), self._channels, self.num_classes, per="image", macs=0
            )
        ]

    def compute_output_shape(
        self, input_shape: tuple[int | None, ...]
    ) -> tuple[int | None, int]:
        """The logits' static shape."""
        return (input_shape[0], self.num_classes)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "style": self.style.get_config(),
        }
