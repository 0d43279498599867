"""The budget loss of DynConv.

Verelst & Tuytelaars 2020 (arXiv 1912.03203), section 3.3. It has two terms. One holds
the cost of the whole network, over a batch, to a share of what it would be were every
position executed. The other holds each residual unit between two bounds, which begin at
the budget and open as training goes on: every unit learns to use its mask at first,
and later they may divide the computation between them.

A unit's cost counts the convolutions that its mask saves: those that run at the mask's
positions and those that run one step around them. The mask itself carries the gradient,
its dilation none.
"""

import math
from collections.abc import Mapping

from keras import ops

from sact_keras.accounting import executed_positions
from sact_keras.kernels.types import Tensor
from sact_keras.layers import ResidualUnit

ANNEALED_UNTIL = 0.33
"""Share of the training in which the bounds open."""


def unit_cost(unit: ResidualUnit, mask: Tensor) -> tuple[Tensor, Tensor]:
    """What a unit costs under a mask, and without one.

    Args:
        unit: A built unit.
        mask: [N, h, w] of zeros and ones, at the resolution of the unit's output.

    Returns:
        Multiply-accumulates of the convolutions that the mask saves, under the mask
        and for a mask of ones, each float32 [N].
    """
    cost = dense_cost = 0.0
    for each in unit.costs():
        if each.when == "always":
            continue
        if each.when == "active":
            kept = ops.sum(mask, axis=(1, 2))
        else:
            kept = ops.stop_gradient(executed_positions(each, mask))
        total = executed_positions(each, ops.ones_like(mask))
        macs = float(each.reported_macs)
        cost = cost + macs * ops.cast(kept, "float32")
        dense_cost = dense_cost + macs * ops.cast(total, "float32")
    return cost, dense_cost


def budget_statistics(
    model: "sact_keras.models.AdaptiveResNet",  # noqa: F821
    outputs: Mapping[str, Tensor],
) -> dict[str, Tensor]:
    """What each unit cost each image, as a share of all units' dense cost.

    Args:
        model: The network.
        outputs: Its outputs; "masks", [N, h, w] each, are read.

    Returns:
        "cost" and "dense_cost", float32 [N, units].
    """
    units = [unit for block in model.blocks for unit in block.units]
    costs = [
        unit_cost(unit, mask)
        for unit, mask in zip(units, outputs["masks"], strict=True)
    ]
    cost, dense_cost = (
        ops.stack(values, axis=1) for values in zip(*costs, strict=True)
    )
    # In shares, whose sums lose no digits.
    total = ops.sum(dense_cost, axis=1, keepdims=True)
    return {"cost": cost / total, "dense_cost": dense_cost / total}


def budget_bounds(budget: float, progress: Tensor | float) -> tuple[Tensor, Tensor]:
    """Between which shares of its dense cost a unit must stay.

    Args:
        budget: The budget of the whole network, in [0, 1].
        progress: Share of the training that is done, in [0, 1].

    Returns:
        (lower, upper): the budget itself at first; 0 and 1 from a third of the
        training on.

    Example:
        >>> [round(float(bound), 3) for bound in budget_bounds(0.5, progress=0.165)]
        [0.25, 0.75]
    """
    annealed = ops.minimum(progress / ANNEALED_UNTIL, 1.0)
    tightness = ops.square(ops.cos(annealed * (math.pi / 2)))
    return tightness * budget, 1.0 - tightness * (1.0 - budget)


def budget_loss(
    means: Mapping[str, Tensor],
    budget: float,
    progress: Tensor | float = 1.0,
    weight: float = 1.0,
) -> Tensor:
    """How far the network's cost is from the budget, and its units' from the bounds.

    Args:
        means: Means over the images of `budget_statistics`, each [units].
        budget: Share of the dense cost, in [0, 1].
        progress: Share of the training that is done, in [0, 1].
        weight: Factor of the loss; 10 in the original.

    Returns:
        A scalar.

    Example:
        >>> means = {"cost": ops.array([0.4, 0.3]), "dense_cost": ops.array([0.5, 0.5])}
        >>> round(float(budget_loss(means, budget=0.5)), 3)
        0.04
    """
    cost, dense_cost = means["cost"], means["dense_cost"]
    lower, upper = budget_bounds(budget, progress)
    shares = cost / dense_cost
    # Evaluations give means in float64, which these follow.
    lower, upper = (ops.cast(bound, shares.dtype) for bound in (lower, upper))
    network = ops.square(ops.sum(cost) / ops.sum(dense_cost) - budget)
    outside = ops.square(ops.relu(shares - upper)) + ops.square(
        ops.relu(lower - shares)
    )
    return weight * (network + ops.mean(outside))
