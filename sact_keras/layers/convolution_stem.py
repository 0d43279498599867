"""The first layer of the CIFAR ResNets."""

from typing import Any

import keras

from sact_keras.kernels.types import Tensor
from sact_keras.layers.cost import Cost
from sact_keras.layers.style import Style


@keras.saving.register_keras_serializable(package="sact_keras")
class ConvolutionStem(keras.layers.Layer):
    """One 3x3 convolution with bias, without norm or activation.

    Args:
        filters: Channels of the output.
        style: The family's numerical conventions, or their config.

    Input shape:
        [N, H, W, channels].

    Output shape:
        [N, H, W, filters].

    Example:
        >>> stem = ConvolutionStem(16, style=Style(0.9, 1e-3, 0.1))
        >>> stem(keras.ops.ones((1, 32, 32, 3))).shape
        TensorShape([1, 32, 32, 16])
    """

    def __init__(
        self, filters: int, *, style: Style | dict[str, float], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.style = Style(**style) if isinstance(style, dict) else style
        self.conv = self.style.convolution(
            filters, 3, name="conv", dtype=self.dtype_policy
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the weights for inputs of `input_shape`."""
        self.conv.build(input_shape)
        self._in_channels = input_shape[-1]
        self.built = True

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """Applies the convolution."""
        del training
        return self.conv(inputs)

    def costs(self) -> list[Cost]:
        """One convolution at every position."""
        return [Cost.convolution("conv", (3, 3), self._in_channels, self.filters)]

    def output_size(self, size: tuple[Any, Any]) -> tuple[Any, Any]:
        """The output's (height, width) for an input of `size`."""
        return size

    def compute_output_shape(
        self, input_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        """The output's static shape."""
        return (*input_shape[:-1], self.filters)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "style": self.style.get_config(),
        }
