"""The basic pre-activation unit of the CIFAR ResNets of SACT."""

from typing import Any

import keras

from sact_keras.kernels.types import Tensor
from sact_keras.layers.cost import Cost
from sact_keras.layers.pooled_shortcut import check_widening, pool_and_widen
from sact_keras.layers.residual_unit import ResidualUnit
from sact_keras.layers.style import Style


@keras.saving.register_keras_serializable(package="sact_keras")
class PreactivationUnit(ResidualUnit):
    """Two 3x3 convolutions behind a batch norm and a leaky ReLU ("preact").

    He et al. 2016 (arXiv 1603.05027), in the form that SACT trains on CIFAR (Figurnov
    et al. 2017, section 4.1): the second convolution has a bias and is plain. Where
    the unit downsamples or widens, the shortcut is average pooling and zero channels
    on both sides, which has no weights and costs nothing.

    Args:
        filters: Channels of the output, at least those of the input.
        strides: Stride of the first convolution and of the shortcut.
        preactivated_shortcut: Whether the shortcut carries the pre-activation rather
            than the raw input, as in the very first unit of the network.
        style: The family's numerical conventions, or their config.

    Input shape:
        [N, H, W, channels].

    Output shape:
        [N, ceil(H / strides), ceil(W / strides), filters].

    Example:
        >>> unit = PreactivationUnit(32, strides=2, style=Style(0.9, 1e-3, 0.1))
        >>> unit(keras.ops.ones((1, 8, 8, 16))).shape
        TensorShape([1, 4, 4, 32])
    """

    def __init__(
        self,
        filters: int,
        strides: int = 1,
        preactivated_shortcut: bool = False,
        *,
        style: Style | dict[str, float],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.strides = strides
        self.preactivated_shortcut = preactivated_shortcut
        self.style = Style(**style) if isinstance(style, dict) else style
        options = {"dtype": self.dtype_policy}
        self.preact = self.style.norm(name="preact", **options)
        self.conv1 = self.style.convolution(
            filters, 3, strides=strides, use_bias=False, name="conv1", **options
        )
        self.conv1_norm = self.style.norm(name="conv1_norm", **options)
        self.conv2 = self.style.convolution(filters, 3, name="conv2", **options)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the weights for inputs of `input_shape`."""
        channels = input_shape[-1]
        check_widening(input_shape, self.filters)
        inner_shape = (*input_shape[:-1], self.filters)
        self.preact.build(input_shape)
        self.conv1.build(input_shape)
        self.conv1_norm.build(inner_shape)
        self.conv2.build(inner_shape)
        self._in_channels = channels
        self.built = True

    def branches(self, inputs: Tensor, training: bool = False) -> tuple[Tensor, Tensor]:
        """Computes (shortcut, residual); see the base class."""
        preact = self.style.activate(self.preact(inputs, training=training))
        hidden = self.conv1_norm(self.conv1(preact), training=training)
        # The original's norm activates, and then its convolution activates again.
        residual = self.conv2(self.style.activate(hidden, times=2))
        return self._shortcut(
            preact if self.preactivated_shortcut else inputs
        ), residual

    def costs(self) -> list[Cost]:
        """Two convolutions; the second reads one step beyond what it computes."""
        return [
            Cost.convolution(
                self.conv1.name, (3, 3), self._in_channels, self.filters, when="dilated"
            ),
            Cost.convolution(
                self.conv2.name, (3, 3), self.filters, self.filters, when="active"
            ),
        ]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "strides": self.strides,
            "preactivated_shortcut": self.preactivated_shortcut,
            "style": self.style.get_config(),
        }

    def _shortcut(self, inputs: Tensor) -> Tensor:
        widening = self.filters - self._in_channels
        before = widening // 2
        return pool_and_widen(inputs, self.strides, before, widening - before)
