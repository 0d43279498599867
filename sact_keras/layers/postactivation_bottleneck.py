"""The bottleneck of the ImageNet ResNets of ConvNet-AIG and DynConv."""

from typing import Any

import keras

from sact_keras.layers.bottleneck_unit import EXPANSION
from sact_keras.layers.postactivation_base import PostactivationBase
from sact_keras.layers.style import Style


@keras.saving.register_keras_serializable(package="sact_keras")
class PostactivationBottleneck(PostactivationBase):
    """A 3x3 convolution, which downsamples, between two of 1x1.

    The bottleneck of He et al. 2016 (arXiv 1512.03385, figure 5, right) in PyTorch's
    form; see `PostactivationBase` for what surrounds the convolutions. The first runs
    at the input's resolution.

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
        >>> unit = PostactivationBottleneck(64, strides=2, style=Style(0.9, 1e-5))
        >>> unit(keras.ops.ones((1, 8, 8, 32))).shape
        TensorShape([1, 4, 4, 64])
    """

    def __init__(
        self,
        filters: int,
        strides: int = 1,
        *,
        style: Style | dict[str, Any],
        **kwargs: Any,
    ) -> None:
        super().__init__(filters, strides, style=style, **kwargs)
        if filters % EXPANSION:
            raise ValueError(
                f"filters must be a multiple of {EXPANSION}. Received: "
                f"filters={filters}"
            )
        inner, make = filters // EXPANSION, self.normalized_convolution
        self.conv1, self.conv1_norm = make("conv1", inner, 1)
        self.conv2, self.conv2_norm = make("conv2", inner, 3, strides=strides)
        self.conv3, self.conv3_norm = make("conv3", filters, 1)

    def convolutions(self) -> list[tuple[keras.layers.Conv2D, keras.layers.Layer]]:
        """The three convolutions, each with its norm."""
        return [
            (self.conv1, self.conv1_norm),
            (self.conv2, self.conv2_norm),
            (self.conv3, self.conv3_norm),
        ]
