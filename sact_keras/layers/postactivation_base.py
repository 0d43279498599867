"""What the post-activation units have in common."""

from typing import Any

import keras

from sact_keras.kernels.types import Tensor
from sact_keras.layers.cost import Cost
from sact_keras.layers.padding import convolve_padded
from sact_keras.layers.residual_unit import ResidualUnit
from sact_keras.layers.style import Style
from sact_keras.layers.subsampling import subsample


class PostactivationBase(ResidualUnit):
    """Convolutions with a batch norm each, and a ReLU between and after the addition.

    He et al. 2016 (arXiv 1512.03385): relu(shortcut(x) + mask * residual(x)). The
    shortcut is the input, or where the shape changes a 1x1 convolution with a batch
    norm (option B), which runs whatever is decided. The last ReLU applies where the
    residual is masked, too. Subclasses name the convolutions.

    Args:
        filters: Channels of the output.
        strides: Factor by which the unit reduces the resolution.
        style: The family's numerical conventions, or their config.
    """

    def __init__(
        self,
        filters: int,
        strides: int = 1,
        *,
        style: Style | dict[str, Any],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.strides = strides
        self.style = Style(**style) if isinstance(style, dict) else style
        self.shortcut: keras.layers.Conv2D | None = None
        self.shortcut_norm: keras.layers.Layer | None = None

    def convolutions(self) -> list[tuple[keras.layers.Conv2D, keras.layers.Layer]]:
        """The residual's convolutions, each with its norm, in order."""
        raise NotImplementedError

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the weights for inputs of `input_shape`."""
        self._in_channels = channels = input_shape[-1]
        if self.projects_shortcut():
            self.shortcut, self.shortcut_norm = self.normalized_convolution(
                "shortcut", self.filters, 1
            )
            self._build_pair(self.shortcut, self.shortcut_norm, channels)
        for convolution, norm in self.convolutions():
            self._build_pair(convolution, norm, channels)
            channels = convolution.filters
        self.built = True

    def projects_shortcut(self) -> bool:
        """Whether the shortcut is a convolution, once the input's shape is known."""
        return self._in_channels != self.filters or self.strides > 1

    def branches(
        self, inputs: Tensor, training: bool = False, counts: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Computes (shortcut, residual); see the base class.

        Args:
            inputs: [N, H, W, channels].
            training: Whether batch norms use the batch's statistics.
            counts: Whether the residual's norms learn from the batch; see `BatchNorm`.
        """
        residual, (*inner, last) = inputs, self.convolutions()
        how = {"training": training, "counts": counts}
        for convolution, norm in inner:
            residual = norm(convolve_padded(convolution, residual), **how)
            residual = self.style.activate(residual)
        convolution, norm = last
        residual = norm(convolve_padded(convolution, residual), **how)
        return self.shortcut_branch(inputs, training=training), residual

    def shortcut_branch(self, inputs: Tensor, training: bool = False) -> Tensor:
        """Computes the shortcut, [N, h, w, filters]."""
        if self.shortcut is None:
            return inputs
        shortcut = self.shortcut(subsample(inputs, self.strides))
        return self.shortcut_norm(shortcut, training=training)

    def combine(
        self, shortcut: Tensor, residual: Tensor, execution_mask: Tensor | None = None
    ) -> Tensor:
        """Adds the branches under a mask, and activates the sum."""
        return self.style.activate(super().combine(shortcut, residual, execution_mask))

    def normalized_convolution(
        self, name: str, filters: int, kernel_size: int, strides: int = 1
    ) -> tuple[keras.layers.Conv2D, keras.layers.Layer]:
        """A convolution of that name, and its norm."""
        convolution = self.style.convolution(
            filters,
            kernel_size,
            strides=strides,
            padding="same" if strides == 1 else "valid",
            use_bias=False,
            name=name,
            dtype=self.dtype_policy,
        )
        norm = self.style.norm(name=f"{name}_norm", dtype=self.dtype_policy)
        return convolution, norm

    def costs(self) -> list[Cost]:
        """The residual's convolutions, and the shortcut's, which runs everywhere.

        What is ahead of the last 3x3 convolution is read one step around.
        """
        costs, channels = [], self._in_channels
        convolutions = [convolution for convolution, _ in self.convolutions()]
        spatial = [c for c in convolutions if c.kernel_size[0] > 1]
        ahead = convolutions[: convolutions.index(spatial[-1])]
        # Only a convolution ahead of the one that downsamples runs on a finer grid.
        stride = self.strides
        for convolution in convolutions:
            stride //= convolution.strides[0]
            costs.append(
                Cost.convolution(
                    convolution.name,
                    convolution.kernel_size,
                    channels,
                    convolution.filters,
                    when="dilated" if convolution in ahead else "active",
                    stride=stride,
                )
            )
            channels = convolution.filters
        if self.shortcut is not None:
            costs.append(
                Cost.convolution("shortcut", (1, 1), self._in_channels, self.filters)
            )
        return costs

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "strides": self.strides,
            "style": self.style.get_config(),
        }

    def _build_pair(
        self, convolution: keras.layers.Conv2D, norm: keras.layers.Layer, channels: int
    ) -> None:
        # Without the size: Keras would refuse features smaller than the kernel, which
        # the padding makes large enough.
        convolution.build((None, None, None, channels))
        norm.build((None, None, None, convolution.filters))
