"""The first layers of the post-activation ResNets."""

from typing import Any

import keras
from keras import ops

from sact_keras.kernels.types import Tensor
from sact_keras.layers.cost import Cost
from sact_keras.layers.padding import convolve_padded, pad_symmetrically
from sact_keras.layers.style import Style


@keras.saving.register_keras_serializable(package="sact_keras")
class NormalizedStem(keras.layers.Layer):
    """A convolution with batch norm and ReLU, on ImageNet with max pooling behind.

    He et al. 2016 (arXiv 1512.03385, section 4). On CIFAR the convolution is 3x3. On
    ImageNet it is 7x7 with stride 2, and 3x3 max pooling with stride 2 follows; both
    are padded symmetrically.

    Args:
        filters: Channels of the output.
        pooled: Whether it is ImageNet's.
        style: The family's numerical conventions, or their config.

    Input shape:
        [N, H, W, channels].

    Output shape:
        [N, H, W, filters]; pooled [N, ceil(H / 4), ceil(W / 4), filters].

    Example:
        >>> stem = NormalizedStem(64, pooled=True, style=Style(0.9, 1e-5))
        >>> stem(ops.ones((1, 224, 224, 3))).shape
        TensorShape([1, 56, 56, 64])
    """

    def __init__(
        self,
        filters: int,
        pooled: bool = False,
        *,
        style: Style | dict[str, Any],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.pooled = pooled
        self.style = Style(**style) if isinstance(style, dict) else style
        self.conv = self.style.convolution(
            filters,
            7 if pooled else 3,
            strides=2 if pooled else 1,
            padding="valid" if pooled else "same",
            use_bias=False,
            name="conv",
            dtype=self.dtype_policy,
        )
        self.norm = self.style.norm(name="norm", dtype=self.dtype_policy)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the weights for inputs of `input_shape`."""
        self._in_channels = input_shape[-1]
        # Without the size: Keras would refuse an image smaller than the kernel, which
        # the padding makes large enough.
        self.conv.build((None, None, None, self._in_channels))
        self.norm.build((None, None, None, self.filters))
        self.built = True

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """Convolves, normalizes, activates and pools."""
        features = self.norm(convolve_padded(self.conv, inputs), training=training)
        features = self.style.activate(features)
        if not self.pooled:
            return features
        # Zeros never win over activations, which are not negative.
        return ops.max_pool(pad_symmetrically(features, 3), 3, 2, padding="valid")

    def costs(self) -> list[Cost]:
        """One convolution, on a grid twice as fine as a pooled output's."""
        grid = {"stride": 2, "input_stride": 2} if self.pooled else {}
        return [
            Cost.convolution(
                "conv", self.conv.kernel_size, self._in_channels, self.filters, **grid
            )
        ]

    def output_size(self, size: tuple[Any, Any]) -> tuple[Any, Any]:
        """The output's (height, width): each of the two steps rounds up."""
        return tuple(-(-side // 4) for side in size) if self.pooled else size

    def compute_output_shape(
        self, input_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        """The output's static shape, None where the input's is."""
        stride = 4 if self.pooled else 1
        size = (
            None if side is None else -(-side // stride) for side in input_shape[1:3]
        )
        return (input_shape[0], *size, self.filters)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "pooled": self.pooled,
            "style": self.style.get_config(),
        }
