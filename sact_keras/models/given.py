"""What callers hand over instead of what a network would draw or decide."""

from collections.abc import Sequence
from typing import Any

from sact_keras.kernels.types import Tensor


def check_given(
    model: Any,
    noise: Sequence[Tensor] | None,
    policy: Tensor | None,
    masks: Sequence[Tensor] | None,
) -> None:
    """Checks what `AdaptiveResNet.call` was handed.

    Args:
        model: The network.
        noise: One tensor a residual unit, or None.
        policy: [N, units], or None.
        masks: One tensor a residual unit, or None.

    Raises:
        ValueError: If something is not of the network's units, or a policy is given to
            a network without a policy network.
    """
    units = sum(model.num_units)
    for name, tensors in (("noise", noise), ("masks", masks)):
        if tensors is not None and len(tensors) != units:
            raise ValueError(
                f"{name} must be {units} tensors, one for each residual unit. "
                f"Received: {len(tensors)}"
            )
    if policy is None:
        return
    if model.policy is None:
        raise ValueError(
            "policy must be given to a network with a policy network alone. "
            f"Received: a policy for {model.name}"
        )
    if len(policy.shape) != 2 or policy.shape[1] != units:
        raise ValueError(
            f"policy must be of the shape [N, {units}], a column for each residual "
            f"unit. Received: a policy of {tuple(policy.shape)}"
        )
