"""The account of the gated networks, counted position by position.

As `brute_force`, from the papers' words and knowing nothing of the package's costs.
Multiply-accumulates are counted as the code of DynConv does.
"""

import dataclasses

import numpy as np


@dataclasses.dataclass
class Network:
    """A post-activation ResNet.

    Attributes:
        imagenet: Whether its stem is ImageNet's, of two steps.
        bottleneck: Whether its units are of three convolutions.
        num_units: Units of each block.
        base_channels: Channels inside the units of the first block.
        num_classes: Number of logits.
        decides: What for each unit with a gate: "images", "positions" or None; or, once
            for all of them, a "policy".
        gated: For each unit of the network, whether it has a gate.
        projects: Whether shortcuts that change the shape are convolutions.
    """

    imagenet: bool
    bottleneck: bool
    num_units: tuple
    base_channels: int
    num_classes: int
    decides: str | None
    gated: list
    projects: bool = True

    @property
    def policy(self):
        """The network that looks first, with a value for each unit and one besides."""
        return dataclasses.replace(
            self,
            bottleneck=False,
            num_units=(1,) * len(self.num_units),
            num_classes=sum(self.num_units) + 1,
            decides=None,
            gated=[False] * len(self.num_units),
        )


def halved(side):
    return (side + 1) // 2


def positions_read(mask, stride, size):
    """How many positions of a grid of `size` the 3x3 convolution of a unit reads.

    It is centred on every `stride`-th of them, wherever the mask keeps the output.
    """
    read = set()
    for row, column in np.argwhere(mask):
        for r in range(row * stride - 1, row * stride + 2):
            for c in range(column * stride - 1, column * stride + 2):
                if 0 <= r < size[0] and 0 <= c < size[1]:
                    read.add((r, c))
    return len(read)


def count(network, size, masks):
    """What one image costs: (FLOPs, [FLOPs of each block], multiply-accumulates).

    Args:
        network: The network.
        size: (height, width) of the image.
        masks: For each unit of the network a bool, or a [h, w] of bools.
    """
    masks, gated, channels = list(masks), list(network.gated), network.base_channels
    height, width = size
    deciding = 0
    if network.decides == "policy":
        seen = (height // 2, width // 2) if network.imagenet else size
        deciding, _, _ = count(network.policy, seen, [True] * len(network.num_units))
    if network.imagenet:
        height, width = halved(height), halved(width)
    macs = (49 if network.imagenet else 9) * 3 * channels * height * width
    if network.imagenet:
        height, width = halved(height), halved(width)
    flops, blocks = 2 * macs, []
    for block, units in enumerate(network.num_units):
        block_flops = 0
        for index in range(units):
            stride = 2 if block > 0 and index == 0 else 1
            unit_flops, unit_macs, channels = _count_unit(
                network,
                gated.pop(0),
                network.base_channels * 2**block,
                channels,
                stride,
                (height, width),
                masks.pop(0),
            )
            block_flops, macs = block_flops + unit_flops, macs + unit_macs
            if stride == 2:
                height, width = halved(height), halved(width)
        blocks.append(block_flops)
    assert not masks, "more masks than units"
    head = 2 * channels * network.num_classes
    return deciding + flops + sum(blocks) + head, blocks, macs


def _count_unit(network, gated, inner, channels, stride, size, mask):
    """(FLOPs, multiply-accumulates, channels of the output) of a unit."""
    outputs = size if stride == 1 else (halved(size[0]), halved(size[1]))
    everywhere = outputs[0] * outputs[1]
    mask = np.broadcast_to(mask, outputs)
    kept = int(mask.sum())
    filters = 4 * inner if network.bottleneck else inner
    if network.bottleneck:
        # Under a mask DynConv counts on a grid of two positions for each of the coarse
        # one, even where the features are one fewer.
        masked = network.decides == "positions"
        grid = (stride * outputs[0], stride * outputs[1]) if masked else size
        rest = (9 * inner * inner + inner * filters) * kept
        executed = channels * inner * positions_read(mask, stride, size) + rest
        reported = channels * inner * positions_read(mask, stride, grid) + rest
    else:
        first = 9 * channels * filters * positions_read(mask, 1, outputs)
        executed = reported = first + 9 * filters * filters * kept
    if network.projects and (stride == 2 or channels != filters):
        executed += channels * filters * everywhere
        reported += channels * filters * everywhere
    if gated and network.decides == "images":
        executed += channels * 16 + 16 * 2
    if gated and network.decides == "positions":
        executed += 9 * channels * everywhere + channels
        # With the convolution's bias, without the linear map.
        reported += (9 * channels + 1) * everywhere
    return 2 * executed, reported, filters
