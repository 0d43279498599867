"""What the units of BlockDrop have in common."""

from typing import Any

from keras import ops

from sact_keras.kernels import fork
from sact_keras.kernels.types import Tensor
from sact_keras.layers.masked_execution import broadcast_mask
from sact_keras.layers.pooled_shortcut import check_widening, pool_and_widen
from sact_keras.layers.postactivation_base import PostactivationBase
from sact_keras.layers.style import Style


class DroppableBase(PostactivationBase):
    """Makes a post-activation unit one that can be dropped, activation and all.

    Wu et al. 2018 (arXiv 1711.08393, section 3.1): with the shortcut r and the residual
    F of the input x,

        mask * relu(r(x) + F(x)) + (1 - mask) * r(x)

    The last ReLU applies where the unit runs only: a dropped one hands on its shortcut
    as it is. A unit that no image of a training batch runs has nothing to learn from
    the batch, so its norms' moving averages stay as they are. To be mixed in ahead of a
    `PostactivationBase`.

    Args:
        filters: Channels of the output; without projection at least the input's.
        strides: Factor by which the unit reduces the resolution.
        projection: Whether the shortcut of a unit that changes the shape is a 1x1
            convolution with a batch norm, as on ImageNet, or average pooling with
            channels of zeros behind the others, as on CIFAR.
        style: The family's numerical conventions, or their config.

    Raises:
        ValueError: If the input has more channels than a shortcut without projection
            can keep.
    """

    def __init__(
        self,
        filters: int,
        strides: int = 1,
        projection: bool = False,
        *,
        style: Style | dict[str, Any],
        **kwargs: Any,
    ) -> None:
        super().__init__(filters, strides, style=style, **kwargs)
        self.projection = projection

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the weights for inputs of `input_shape`."""
        if not self.projection:
            check_widening(input_shape, self.filters)
        super().build(input_shape)

    def projects_shortcut(self) -> bool:
        """Whether the shortcut is a convolution, once the input's shape is known."""
        return self.projection and super().projects_shortcut()

    def shortcut_branch(self, inputs: Tensor, training: bool = False) -> Tensor:
        """Computes the shortcut, [N, h, w, filters]."""
        if self.projection:
            return super().shortcut_branch(inputs, training=training)
        return pool_and_widen(inputs, self.strides, 0, self.filters - self._in_channels)

    def call(
        self,
        inputs: Tensor,
        execution_mask: Tensor | None = None,
        training: bool = False,
    ) -> Tensor:
        """Runs the unit where `execution_mask` ([N] or [N, h, w]) keeps it."""
        counts = None
        if training and execution_mask is not None:
            counts = ops.any(execution_mask > 0)
        branches = self.branches(inputs, training=training, counts=counts)
        return self.combine(*branches, execution_mask)

    def combine(
        self, shortcut: Tensor, residual: Tensor, execution_mask: Tensor | None = None
    ) -> Tensor:
        """Activates the sum of the branches where the mask keeps it."""
        if execution_mask is None:
            return self.style.activate(shortcut + residual)
        # Besides the unit's first convolution, and in a fixed order of gradients.
        shortcut, dropped = fork(shortcut)
        mask = broadcast_mask(execution_mask, residual)
        return mask * self.style.activate(shortcut + residual) + (1 - mask) * dropped

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "projection": self.projection}
