"""What a layer's arithmetic costs, and how a decision changes that."""

import dataclasses
from typing import Any, Literal

Size = tuple[Any, Any]
"""(height, width), each an integer or, where it is dynamic, a scalar tensor."""


@dataclasses.dataclass(frozen=True)
class Cost:
    """The cost of one convolution or linear map, before anything is decided.

    A layer states its costs; `sact_keras.accounting` turns them, with the masks, into
    FLOPs. Batch norms, biases, activations and pooling are free, as in the papers.

    Attributes:
        name: The layer that does the arithmetic.
        flops: Two times the multiply-accumulates of one output position, or of one
            image where `per` says so.
        per: What `flops` is the cost of: "position" or "image".
        when: Which positions (or images) are paid for under a mask: "always" all of
            them, "active" those the mask keeps, "dilated" those within one step of
            them, which the 3x3 convolution that follows reads.
        stride: How many times finer than the layer's output, along each side, the grid
            is on which positions are counted: above 1 for a convolution that runs
            ahead of something that downsamples.
        input_stride: How many times coarser than the layer's input that grid is. Read
            where `stride` is above 1 only.
        macs: Multiply-accumulates that the original's own report counts, where they
            are not half of `flops`; None elsewhere.

    Example:
        >>> Cost.convolution("conv1", (3, 3), 16, 32, when="dilated").flops
        9216
    """

    name: str
    flops: int
    per: Literal["position", "image"] = "position"
    when: Literal["always", "active", "dilated"] = "always"
    stride: int = 1
    input_stride: int = 1
    macs: int | None = None

    @property
    def reported_macs(self) -> int:
        """Multiply-accumulates of one position (or image) as the original counts."""
        return self.flops // 2 if self.macs is None else self.macs

    def grid_size(self, input_size: Size, output_size: Size) -> Size:
        """(height, width) of the grid on which positions are counted.

        Args:
            input_size: (height, width) of the layer's input.
            output_size: (height, width) of its output.
        """
        if self.stride == 1:
            return output_size
        return tuple(-(-side // self.input_stride) for side in input_size)

    @classmethod
    def convolution(
        cls,
        name: str,
        kernel_size: tuple[int, int],
        in_channels: int,
        out_channels: int,
        **where: Any,
    ) -> "Cost":
        """The cost of a dense convolution; `where` gives the fields after `flops`."""
        height, width = kernel_size
        return cls(name, 2 * height * width * in_channels * out_channels, **where)
