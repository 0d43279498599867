"""The mask unit of DynConv."""

import dataclasses
from typing import Any

import keras
from keras import ops

from sact_keras.kernels import convolve_to_one_channel
from sact_keras.kernels.types import Tensor
from sact_keras.layers.cost import Cost
from sact_keras.layers.gumbel import bounded
from sact_keras.layers.padding import convolve_padded
from sact_keras.layers.style import Style


@keras.saving.register_keras_serializable(package="sact_keras")
class MaskUnit(keras.layers.Layer):
    """How relevant a residual unit is to each position: a score.

    Verelst & Tuytelaars 2020 (arXiv 1912.03203), section 3.2: a 3x3 convolution to one
    channel, at the resolution of the unit's output, plus a linear map of the mean over
    the positions, the same for all of them.

    Args:
        strides: Stride of the unit, and of the convolution.
        style: The family's numerical conventions, or their config.

    Input shape:
        [N, H, W, channels]: the unit's input.

    Output shape:
        [N, ceil(H / strides), ceil(W / strides)], float32: above zero where the unit is
        to run.

    Example:
        >>> masker = MaskUnit(strides=2, style=Style(0.9, 1e-5))
        >>> masker(ops.zeros((2, 8, 8, 16))).shape
        TensorShape([2, 4, 4])
    """

    def __init__(
        self, strides: int = 1, *, style: Style | dict[str, Any], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.strides = strides
        self.style = Style(**style) if isinstance(style, dict) else style
        self.local_conv = self.style.convolution(
            1,
            3,
            strides=strides,
            padding="same" if strides == 1 else "valid",
            name="local_conv",
            dtype=self.dtype_policy,
        )
        self.global_linear = self.style.linear(
            1,
            # Uniform within 1 / sqrt(fan_in), as PyTorch begins.
            kernel_initializer=keras.initializers.VarianceScaling(
                scale=1 / 3, mode="fan_in", distribution="uniform"
            ),
            name="global_linear",
            dtype=self.dtype_policy,
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the weights for inputs of `input_shape`."""
        self._channels = input_shape[-1]
        # Without the size: Keras would refuse features smaller than the kernel.
        self.local_conv.build((None, None, None, self._channels))
        self.global_linear.build((None, self._channels))
        self.built = True

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """Looks at the unit's input."""
        del training
        whole = self.global_linear(ops.mean(inputs, axis=(1, 2)))
        if self.strides == 1:
            kernel = ops.cast(self.local_conv.kernel, inputs.dtype)
            local = convolve_to_one_channel(inputs, kernel)
            local = local + ops.cast(self.local_conv.bias, inputs.dtype)
        else:
            local = ops.squeeze(convolve_padded(self.local_conv, inputs), axis=-1)
        local, whole = (bounded(ops.cast(part, "float32")) for part in (local, whole))
        return local + ops.expand_dims(whole, axis=-1)

    def costs(self) -> list[Cost]:
        """The convolution runs everywhere, the linear map once an image.

        The original's count of multiply-accumulates includes the convolution's bias
        and leaves the linear map out.
        """
        convolution = Cost.convolution("mask_conv", (3, 3), self._channels, 1)
        return [
            dataclasses.replace(convolution, macs=convolution.flops // 2 + 1),
            Cost.convolution(
                "mask_linear", (1, 1), self._channels, 1, per="image", macs=0
            ),
        ]

    def compute_output_shape(
        self, input_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        """One score a position of the unit's output."""
        size = (
            None if side is None else -(-side // self.strides)
            for side in input_shape[1:3]
        )
        return (input_shape[0], *size)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "strides": self.strides,
            "style": self.style.get_config(),
        }
