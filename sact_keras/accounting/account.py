"""The account of one forward pass."""

from collections.abc import Callable

from keras import ops

from sact_keras.accounting.flops import (
    Size,
    executed_flops,
    executed_macs,
    policy_layers,
)
from sact_keras.accounting.maps import pixel_map
from sact_keras.kernels.types import Tensor
from sact_keras.layers import AdaptiveBlock


def count_units(masks: list[Tensor]) -> Tensor:
    """Executed units of a block, int32 [N] or [N, h, w].

    Args:
        masks: One mask a unit, all [N] or all [N, h, w].

    Example:
        >>> masks = [ops.ones((2,)), ops.array([1.0, 0.0])]
        >>> ops.convert_to_numpy(count_units(masks)).tolist()
        [2, 1]
    """
    return ops.cast(ops.sum(ops.stack(masks), axis=0), "int32")


def block_flops(
    block: AdaptiveBlock,
    masks: list[Tensor],
    size: Size,
    count: Callable[..., Tensor] = executed_flops,
) -> Tensor:
    """FLOPs that each image spent in a block, on units and on deciding.

    Args:
        block: The block.
        masks: One mask a unit.
        size: (height, width) of the block's input.
        count: What is counted of a layer: `executed_flops` or `executed_macs`.

    Returns:
        [N], of `flops_dtype`.
    """
    # Units that are alike are counted at once: at small batches what the account
    # takes is the number of its operations.
    alike: dict[tuple, list[Tensor]] = {}
    sizes = {}
    for index, (unit, mask) in enumerate(zip(block.units, masks, strict=True)):
        output_size = unit.output_size(size)
        kind = (tuple(block.costs(index)), unit.strides)
        alike.setdefault(kind, []).append(mask)
        sizes.setdefault(kind, (size, output_size))
        size = output_size
    total = 0
    for kind, kept in alike.items():
        counts = count(kind[0], ops.concatenate(kept, axis=0), *sizes[kind])
        total = total + ops.sum(ops.reshape(counts, (len(kept), -1)), axis=0)
    return total


def reported_macs(
    model: "sact_keras.models.AdaptiveResNet",  # noqa: F821
    image_size: Size,
    masks: dict[str, list[Tensor]],
) -> Tensor:
    """Multiply-accumulates that each image needed, as the original reports them.

    Args:
        model: The network.
        image_size: (H, W) in pixels.
        masks: Block name -> one mask a unit.

    Returns:
        [N], of `flops_dtype`.
    """
    image_mask = ops.ones(ops.shape(masks[model.block_names[0]][0])[:1])
    size = model.stem.output_size(image_size)
    total = _count_ahead_of_blocks(executed_macs, model, image_size, image_mask)
    for name, block in zip(model.block_names, model.blocks, strict=True):
        total = total + block_flops(block, masks[name], size, executed_macs)
        size = block.output_size(size)
    return total + executed_macs(model.head.costs(), image_mask, size, size)


def account(
    model: "sact_keras.models.AdaptiveResNet",  # noqa: F821
    image_size: Size,
    masks: dict[str, list[Tensor]],
    ponder_costs: dict[str, Tensor],
) -> dict[str, Tensor]:
    """What a forward pass cost, from its masks.

    Args:
        model: The network, whose layers state their costs.
        image_size: (H, W) in pixels.
        masks: Block name -> one mask a unit.
        ponder_costs: Block name -> ponder cost, for methods that have one.

    Returns:
        The entries of the model's outputs that account for it: "flops" and
        "<block>/flops" [N], "<block>/num_units", "num_units_map" [N, H, W] and, with
        ponder costs, "ponder_cost_map" [N, H, W]; "macs" [N] where the original
        reports them.
    """
    outputs = {}
    image_mask = ops.ones(ops.shape(masks[model.block_names[0]][0])[:1])
    size = model.stem.output_size(image_size)
    total = _count_ahead_of_blocks(executed_flops, model, image_size, image_mask)
    units = []
    for name, block in zip(model.block_names, model.blocks, strict=True):
        flops = block_flops(block, masks[name], size)
        units.append(count_units(masks[name]))
        outputs[f"{name}/flops"] = flops
        outputs[f"{name}/num_units"] = units[-1]
        total = total + flops
        size = block.output_size(size)
    outputs["flops"] = total + executed_flops(
        model.head.costs(), image_mask, size, size
    )
    if model.reports_macs:
        outputs["macs"] = reported_macs(model, image_size, masks)
    outputs["num_units_map"] = pixel_map(units, image_size)
    if ponder_costs:
        outputs["ponder_cost_map"] = pixel_map(ponder_costs.values(), image_size)
    return outputs


def _count_ahead_of_blocks(
    count: Callable[..., Tensor],
    model: "sact_keras.models.AdaptiveResNet",  # noqa: F821
    image_size: Size,
    image_mask: Tensor,
) -> Tensor:
    """What the stem and the policy network, if there is one, cost each image, [N].

    Args:
        count: `executed_flops` or `executed_macs`.
        model: The network.
        image_size: (H, W) in pixels.
        image_mask: Ones, [N].
    """
    size = model.stem.output_size(image_size)
    total = count(model.stem.costs(), image_mask, image_size, size)
    if model.policy is not None:
        for _, *layer in policy_layers(model.policy, image_size):
            costs, input_size, output_size = layer
            total = total + count(costs, image_mask, input_size, output_size)
    return total
