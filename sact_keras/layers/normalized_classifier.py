"""The head of the pre-activation ResNets."""

from typing import Any

import keras
from keras import ops

from sact_keras.kernels.types import Tensor
from sact_keras.layers.cost import Cost
from sact_keras.layers.style import Style


@keras.saving.register_keras_serializable(package="sact_keras")
class NormalizedClassifier(keras.layers.Layer):
    """Global average pooling, batch norm, activation, linear map to the logits.

    On ImageNet the norm and its activation ("postnorm") come before the pooling.

    Args:
        num_classes: Number of logits.
        pool_first: Whether features are pooled before they are normalized.
        style: The family's numerical conventions, or their config.

    Input shape:
        [N, h, w, channels].

    Output shape:
        [N, num_classes].

    Example:
        >>> head = NormalizedClassifier(10, style=Style(0.9, 1e-3, 0.1))
        >>> head(ops.ones((2, 8, 8, 64))).shape
        TensorShape([2, 10])
    """

    def __init__(
        self,
        num_classes: int,
        pool_first: bool = True,
        *,
        style: Style | dict[str, float],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.num_classes = num_classes
        self.pool_first = pool_first
        self.style = Style(**style) if isinstance(style, dict) else style
        self.norm = self.style.norm(name="norm", dtype=self.dtype_policy)
        # Logits stay in float32 under mixed precision.
        self.logits = self.style.linear(num_classes, name="logits", dtype="float32")

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the weights for inputs of `input_shape`."""
        pooled_shape = (input_shape[0], input_shape[-1])
        self.norm.build(pooled_shape if self.pool_first else input_shape)
        self.logits.build(pooled_shape)
        self._channels = input_shape[-1]
        self.built = True

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """Classifies the features of the last block."""
        if self.pool_first:
            inputs = ops.mean(inputs, axis=(1, 2))
        outputs = self.style.activate(self.norm(inputs, training=training))
        if not self.pool_first:
            outputs = ops.mean(outputs, axis=(1, 2))
        return self.logits(outputs)

    def costs(self) -> list[Cost]:
        """One linear map an image."""
        return [
            Cost.convolution(
                "logits", (1, 1), self._channels, self.num_classes, per="image"
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
            "pool_first": self.pool_first,
            "style": self.style.get_config(),
        }
