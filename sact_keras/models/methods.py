"""The methods: each is its way of deciding, and its loss.

Adding one takes an entry in `METHODS`, and its arguments in
`presets.METHOD_ARGUMENTS`; execution and accounting know nothing of it.
docs/extending.md walks through one.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any

from sact_keras.kernels.types import Tensor
from sact_keras.layers import Decision, HaltingDecision, Style
from sact_keras.losses import ponder_cost_loss
from sact_keras.models.presets import METHOD_ARGUMENTS


@dataclasses.dataclass(frozen=True)
class BlockPlan:
    """What a method may know of a block whose decision it makes.

    Attributes:
        index: The block's place in the network, from 0.
        num_units: Its residual units.
        filters: Channels of their outputs.
        style: The family's numerical conventions.
        activated: Whether the family's halting branches activate their norms.
    """

    index: int
    num_units: int
    filters: int
    style: Style
    activated: bool


@dataclasses.dataclass(frozen=True)
class Method:
    """A method of adaptive computation.

    Attributes:
        decide: Makes a block's decision from its `BlockPlan` and the arguments.
        arguments: The method's arguments and their defaults.
        loss: The method's own loss, of a model's outputs and the arguments.
        loss_name: What logs call that loss.
        validate: Raises ValueError for arguments out of range.
        variant: Which original's ResNet it runs on by default.
    """

    decide: Callable[[BlockPlan, Mapping[str, Any]], Decision]
    arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    loss: Callable[[Mapping[str, Tensor], Mapping[str, Any]], Tensor] | None = None
    loss_name: str = "method_loss"
    validate: Callable[[Mapping[str, Any]], None] = lambda arguments: None
    variant: str = "sact"

    def complete(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Fills in the defaults and checks the arguments.

        Raises:
            ValueError: If an argument is unknown or out of range.
        """
        for name in arguments:
            if name not in self.arguments:
                known = ", ".join(self.arguments) or "none"
                raise ValueError(
                    f"The method takes the arguments: {known}. "
                    f"Received: {name}={arguments[name]!r}"
                )
        completed = {**self.arguments, **arguments}
        self.validate(completed)
        return completed


def _validate_halting(arguments: Mapping[str, Any]) -> None:
    tau, eps = arguments["tau"], arguments["eps"]
    if not (math.isfinite(tau) and tau >= 0):
        raise ValueError(f"tau must be finite and at least 0. Received: tau={tau}")
    if not 0 < eps < 1:
        raise ValueError(f"eps must be in (0, 1). Received: eps={eps}")


def _halting(defaults: Mapping[str, Any], *, spatial: bool) -> Method:
    def decide(plan: BlockPlan, arguments: Mapping[str, Any]) -> Decision:
        return HaltingDecision(
            plan.num_units,
            spatial=spatial,
            eps=arguments["eps"],
            activated=plan.activated,
            style=plan.style,
            name="halting",
        )

    return Method(
        decide,
        arguments=defaults,
        loss=lambda outputs, arguments: ponder_cost_loss(outputs, arguments["tau"]),
        loss_name="ponder_loss",
        validate=_validate_halting,
    )


METHODS = {
    "vanilla": Method(lambda plan, arguments: Decision(name="always")),
    "act": _halting(METHOD_ARGUMENTS["act"], spatial=False),
    "sact": _halting(METHOD_ARGUMENTS["sact"], spatial=True),
}
"""Every method by its model type."""
