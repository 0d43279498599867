"""The residual unit: shortcut plus masked residual."""

from typing import Any

import keras

from sact_keras.kernels.types import Tensor
from sact_keras.layers.cost import Cost
from sact_keras.layers.masked_execution import execute_masked


class ResidualUnit(keras.layers.Layer):
    """Base of the residual units: computes `shortcut(x) + mask * residual(x)`.

    A unit does not know who decides its mask. Subclasses say what the two branches
    are (`branches`) and what they cost (`costs`); executing them under a mask is the
    executor's business, here the masked one.

    Attributes:
        filters: Channels of the output.
        strides: Factor by which the unit reduces the resolution.
    """

    filters: int
    strides: int

    def branches(self, inputs: Tensor, training: bool = False) -> tuple[Tensor, Tensor]:
        """Computes the two branches.

        Args:
            inputs: [N, H, W, channels].
            training: Whether batch norms use the batch's statistics.

        Returns:
            (shortcut, residual), each [N, h, w, filters].
        """
        raise NotImplementedError

    def costs(self) -> list[Cost]:
        """What each convolution of the unit costs, and under which positions."""
        raise NotImplementedError

    def output_size(self, size: tuple[Any, Any]) -> tuple[Any, Any]:
        """The output's (height, width) for an input of `size`: rounded up."""
        return tuple(-(-side // self.strides) for side in size)

    def compute_output_shape(
        self, input_shape: tuple[int | None, ...], *_: Any
    ) -> tuple[int | None, ...]:
        """The output's static shape, None where the input's is."""
        size = (
            None if side is None else -(-side // self.strides)
            for side in input_shape[1:3]
        )
        return (input_shape[0], *size, self.filters)

    def combine(
        self, shortcut: Tensor, residual: Tensor, execution_mask: Tensor | None = None
    ) -> Tensor:
        """Adds the branches under a mask; what runs after the addition goes here."""
        return execute_masked(shortcut, residual, execution_mask)

    def call(
        self,
        inputs: Tensor,
        execution_mask: Tensor | None = None,
        training: bool = False,
    ) -> Tensor:
        """Runs the unit where `execution_mask` ([N] or [N, h, w]) keeps it."""
        shortcut, residual = self.branches(inputs, training=training)
        return self.combine(shortcut, residual, execution_mask)
