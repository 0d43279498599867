"""The account of a forward pass, counted position by position.

Written from the papers' words, in plain Python, and knowing nothing of the package's
costs: what a layer costs is spelt out here once more.
"""

import numpy as np


def is_read(mask, row, column):
    """Whether a 3x3 convolution centred on a kept position reads this one."""
    height, width = mask.shape
    return any(
        mask[r, c]
        for r in range(max(row - 1, 0), min(row + 2, height))
        for c in range(max(column - 1, 0), min(column + 2, width))
    )


def dilate(mask):
    height, width = mask.shape
    return np.array(
        [[is_read(mask, r, c) for c in range(width)] for r in range(height)], bool
    )


def convolution(kernel_area, in_channels, out_channels, positions):
    return 2 * kernel_area * in_channels * out_channels * int(positions)


def cifar_flops(model_type, num_units, base_channels, num_classes, size, masks):
    """FLOPs of one image of the CIFAR family: (total, [of each block]).

    Args:
        model_type: "vanilla", "act" or "sact".
        num_units: Units of each block.
        base_channels: Channels of the first block.
        num_classes: Number of logits.
        size: (height, width) of the image.
        masks: For each unit of the network a bool, or a [h, w] of bools.
    """
    masks, (height, width) = list(masks), size
    channels = base_channels
    stem = convolution(9, 3, channels, height * width)
    blocks = []
    for block, units in enumerate(num_units):
        filters = base_channels * 2**block
        flops = 0
        for unit in range(units):
            if block > 0 and unit == 0:
                height, width = (height + 1) // 2, (width + 1) // 2
            mask = np.broadcast_to(masks.pop(0), (height, width))
            first, second = dilate(mask).sum(), mask.sum()
            flops += convolution(9, channels, filters, first)
            flops += convolution(9, filters, filters, second)
            channels = filters
            if unit == units - 1:
                continue
            if model_type == "act" and mask.any():
                flops += convolution(1, channels, 1, 1)
            if model_type == "sact":
                flops += convolution(9, channels, 1, second)
                flops += convolution(1, channels, 1, 1)
        blocks.append(flops)
    assert not masks, "more masks than units"
    head = convolution(1, channels, num_classes, 1)
    return stem + sum(blocks) + head, blocks
