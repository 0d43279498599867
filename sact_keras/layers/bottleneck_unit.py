"""The bottleneck pre-activation unit of the ImageNet ResNets of SACT."""

from typing import Any

import keras

from sact_keras.kernels.types import Tensor
from sact_keras.layers.cost import Cost
from sact_keras.layers.padding import pad_symmetrically
from sact_keras.layers.residual_unit import ResidualUnit
from sact_keras.layers.style import Style
from sact_keras.layers.subsampling import subsample

EXPANSION = 4
"""Channels of a unit's output to one inside its bottleneck."""


@keras.saving.register_keras_serializable(package="sact_keras")
class BottleneckUnit(ResidualUnit):
    """A 3x3 convolution between two of 1x1, behind a batch norm and a ReLU ("preact").

    He et al. 2016 (arXiv 1603.05027, section 4), in the form that SACT trains on
    ImageNet (Figurnov et al. 2017, section 4.2): the 3x3 convolution downsamples, so
    the first 1x1 runs at the input's resolution; the last one has a bias and is
    plain. The shortcut is the raw input where it has as many channels as the output,
    and else a 1x1 convolution of the pre-activation, with bias.

    Args:
        filters: Channels of the output, a multiple of 4; a quarter of them are inside
            the bottleneck.
        strides: Stride of the 3x3 convolution and of the shortcut.
        style: The family's numerical conventions, or their config.

    Input shape:
        [N, H, W, channels].

    Output shape:
        [N, ceil(H / strides), ceil(W / strides), filters].

    Raises:
        ValueError: If `filters` is not a multiple of 4.

    Example:
        >>> unit = BottleneckUnit(64, strides=2, style=Style(0.997, 1e-5))
        >>> unit(keras.ops.ones((1, 8, 8, 32))).shape
        TensorShape([1, 4, 4, 64])
    """

    def __init__(
        self,
        filters: int,
        strides: int = 1,
        *,
        style: Style | dict[str, float],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if filters % EXPANSION:
            raise ValueError(
                f"filters must be a multiple of {EXPANSION}. Received: "
                f"filters={filters}"
            )
        self.filters = filters
        self.strides = strides
        self.style = Style(**style) if isinstance(style, dict) else style
        inner, options = filters // EXPANSION, {"dtype": self.dtype_policy}
        self.preact = self.style.norm(name="preact", **options)
        self.conv1 = self.style.convolution(
            inner, 1, use_bias=False, name="conv1", **options
        )
        self.conv1_norm = self.style.norm(name="conv1_norm", **options)
        self.conv2 = self.style.convolution(
            inner,
            3,
            strides=strides,
            padding="same" if strides == 1 else "valid",
            use_bias=False,
            name="conv2",
            **options,
        )
        self.conv2_norm = self.style.norm(name="conv2_norm", **options)
        self.conv3 = self.style.convolution(filters, 1, name="conv3", **options)
        self.shortcut: keras.layers.Conv2D | None = None

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the weights for inputs of `input_shape`."""
        channels = input_shape[-1]
        # Without the size: Keras would refuse features smaller than the kernel, which
        # the padding makes large enough.
        inner_shape = (None, None, None, self.filters // EXPANSION)
        self.preact.build(input_shape)
        if channels != self.filters:
            self.shortcut = self.style.convolution(
                self.filters, 1, name="shortcut", dtype=self.dtype_policy
            )
            self.shortcut.build(input_shape)
        self.conv1.build(input_shape)
        self.conv1_norm.build(inner_shape)
        self.conv2.build(inner_shape)
        self.conv2_norm.build(inner_shape)
        self.conv3.build(inner_shape)
        self._in_channels = channels
        self.built = True

    def branches(self, inputs: Tensor, training: bool = False) -> tuple[Tensor, Tensor]:
        """Computes (shortcut, residual); see the base class."""
        activate = self.style.activate
        preact = activate(self.preact(inputs, training=training))
        hidden = activate(self.conv1_norm(self.conv1(preact), training=training))
        if self.strides > 1:
            hidden = pad_symmetrically(hidden, kernel_size=3)
        hidden = activate(self.conv2_norm(self.conv2(hidden), training=training))
        residual = self.conv3(hidden)
        if self.shortcut is not None:
            return self.shortcut(subsample(preact, self.strides)), residual
        return subsample(inputs, self.strides), residual

    def costs(self) -> list[Cost]:
        """Three convolutions, the first of which the 3x3 reads one step around.

        The shortcut's convolution runs everywhere, whatever is decided.
        """
        channels, inner = self._in_channels, self.filters // EXPANSION
        convolution = Cost.convolution
        costs = [
            convolution(
                "conv1", (1, 1), channels, inner, when="dilated", stride=self.strides
            ),
            convolution("conv2", (3, 3), inner, inner, when="active"),
            convolution("conv3", (1, 1), inner, self.filters, when="active"),
        ]
        if self.shortcut is not None:
            costs.append(convolution("shortcut", (1, 1), channels, self.filters))
        return costs

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "strides": self.strides,
            "style": self.style.get_config(),
        }
