"""The basic unit of the ResNets of ConvNet-AIG and DynConv."""

from typing import Any

import keras

from sact_keras.layers.postactivation_base import PostactivationBase
from sact_keras.layers.style import Style


@keras.saving.register_keras_serializable(package="sact_keras")
class PostactivationUnit(PostactivationBase):
    """Two 3x3 convolutions, the first of which downsamples.

    The basic block of He et al. 2016 (arXiv 1512.03385, figure 5, left); see
    `PostactivationBase` for what surrounds them.

    Args:
        filters: Channels of the output.
        strides: Stride of the first convolution and of the shortcut.
        style: The family's numerical conventions, or their config.

    Input shape:
        [N, H, W, channels].

    Output shape:
        [N, ceil(H / strides), ceil(W / strides), filters].

    Example:
        >>> unit = PostactivationUnit(32, strides=2, style=Style(0.9, 1e-5))
        >>> unit(keras.ops.ones((1, 8, 8, 16))).shape
        TensorShape([1, 4, 4, 32])
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
        make = self.normalized_convolution
        self.conv1, self.conv1_norm = make("conv1", filters, 3, strides=strides)
        self.conv2, self.conv2_norm = make("conv2", filters, 3)

    def convolutions(self) -> list[tuple[keras.layers.Conv2D, keras.layers.Layer]]:
        """The two convolutions, each with its norm."""
        return [(self.conv1, self.conv1_norm), (self.conv2, self.conv2_norm)]
