"""The first layers of the ImageNet ResNets."""

from typing import Any

import keras
from keras import ops

from sact_keras.kernels.types import Tensor
from sact_keras.layers.cost import Cost
from sact_keras.layers.padding import pad_symmetrically
from sact_keras.layers.style import Style

_KERNEL_SIZE = 7


@keras.saving.register_keras_serializable(package="sact_keras")
class PooledStem(keras.layers.Layer):
    """A 7x7 convolution with stride 2 and bias, then 3x3 max pooling with stride 2.

    Neither norm nor activation: the first unit begins with them.

    Args:
        filters: Channels of the output.
        style: The family's numerical conventions, or their config.

    Input shape:
        [N, H, W, channels].

    Output shape:
        [N, ceil(H / 4), ceil(W / 4), filters].

    Example:
        >>> stem = PooledStem(64, style=Style(0.997, 1e-5))
        >>> stem(ops.ones((1, 224, 224, 3))).shape
        TensorShape([1, 56, 56, 64])
    """

    def __init__(
        self, filters: int, *, style: Style | dict[str, float], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.style = Style(**style) if isinstance(style, dict) else style
        self.conv = self.style.convolution(
            filters,
            _KERNEL_SIZE,
            strides=2,
            padding="valid",
            name="conv",
            dtype=self.dtype_policy,
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the weights for inputs of `input_shape`."""
        # Without the size: Keras would refuse an image smaller than the kernel, which
        # the padding makes large enough.
        self.conv.build((None, None, None, input_shape[-1]))
        self._in_channels = input_shape[-1]
        self.built = True

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """Convolves and pools."""
        del training
        features = self.conv(pad_symmetrically(inputs, _KERNEL_SIZE))
        return ops.max_pool(features, 3, 2, padding="same")

    def costs(self) -> list[Cost]:
        """One convolution, on a grid twice as fine as the output's."""
        return [
            Cost.convolution(
                "conv",
                (_KERNEL_SIZE, _KERNEL_SIZE),
                self._in_channels,
                self.filters,
                stride=2,
                input_stride=2,
            )
        ]

    def output_size(self, size: tuple[Any, Any]) -> tuple[Any, Any]:
        """The output's (height, width): each of the two steps rounds up."""
        return tuple(-(-side // 4) for side in size)

    def compute_output_shape(
        self, input_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        """The output's static shape, None where the input's is."""
        size = (None if side is None else -(-side // 4) for side in input_shape[1:3])
        return (input_shape[0], *size, self.filters)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "style": self.style.get_config(),
        }
