"""What a layer's arithmetic costs, and how a decision changes that."""

import dataclasses
from typing import Any, Literal


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
        stride: 1 if positions are counted on the layer's output. A convolution that
            runs ahead of the downsampling one counts them on the layer's input, which
            is `stride` times finer.

    Example:
        >>> Cost.convolution("conv1", (3, 3), 16, 32, when="dilated").flops
        9216
    """

    name: str
    flops: int
    per: Literal["position", "image"] = "position"
    when: Literal["always", "active", "dilated"] = "always"
    stride: int = 1

    @classmethod
    def convolution(
        cls,
        name: str,
        kernel_size: tuple[int, int],
        in_channels: int,
        out_channels: int,
        **where: Any,
    ) -> "Cost":
        """The cost of a dense convolution; `where` gives `per`, `when` and `stride`."""
        height, width = kernel_size
        return cls(name, 2 * height * width * in_channels * out_channels, **where)
