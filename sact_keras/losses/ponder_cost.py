"""The ponder cost penalty of ACT and SACT."""

from collections.abc import Mapping

from keras import ops

from sact_keras.kernels.types import Tensor

_SUFFIX = "/ponder_cost"


def ponder_cost_statistics(outputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The ponder cost of each image in each block, a mean over SACT's positions.

    Args:
        outputs: A model's outputs; "<block>/ponder_cost", [N] or [N, h, w], are read.

    Returns:
        {"<block>/ponder_cost": float32 [N]}.

    Example:
        >>> costs = {"block_1/ponder_cost": ops.array([[[2.0, 4.0]]])}
        >>> float(ponder_cost_statistics(costs)["block_1/ponder_cost"][0])
        3.0
    """
    return {
        name: ops.mean(value, axis=(1, 2)) if len(value.shape) == 3 else value
        for name, value in outputs.items()
        if name.endswith(_SUFFIX)
    }


def ponder_cost_loss(outputs: Mapping[str, Tensor], tau: float) -> Tensor:
    """The ponder cost times tau: a mean within each block, a sum over the blocks.

    Figurnov et al. 2017, equation 7. Every block weighs the same, whatever its
    resolution: its cost is averaged over the batch and, for SACT, over positions.

    Args:
        outputs: A model's outputs; "<block>/ponder_cost", [N] or [N, h, w], are read.
            Means of them will do.
        tau: The price of one unit, at least 0.

    Returns:
        A scalar.

    Example:
        >>> costs = {"block_1/ponder_cost": ops.array([2.0, 4.0])}
        >>> float(ponder_cost_loss(costs, tau=0.5))
        1.5
    """
    costs = [ops.mean(v) for k, v in outputs.items() if k.endswith(_SUFFIX)]
    return tau * sum(costs[1:], start=costs[0])
