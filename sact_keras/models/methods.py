"""The methods: each is its way of deciding, and its loss.

Adding one takes an entry in `METHODS`, and its arguments in
`presets.METHOD_ARGUMENTS`; execution and accounting know nothing of it.
docs/extending.md walks through one.
"""

import dataclasses
import math
import numbers
from collections.abc import Callable, Mapping
from typing import Any

from keras import ops

from sact_keras.kernels.types import Tensor
from sact_keras.layers import (
    Decision,
    GateDecision,
    HaltingDecision,
    MaskDecision,
    Style,
)
from sact_keras.losses import (
    budget_loss,
    budget_statistics,
    ponder_cost_loss,
    ponder_cost_statistics,
    target_rate_loss,
)
from sact_keras.models.presets import (
    DEFAULT_VARIANTS,
    GATE_EVALS,
    METHOD_ARGUMENTS,
)
from sact_keras.models.target_rates import check_rate, parse_target_rates


@dataclasses.dataclass(frozen=True)
class BlockPlan:
    """What a method may know of a block whose decision it makes.

    Attributes:
        index: The block's place in the network, from 0.
        num_units: Its residual units.
        filters: Channels of their outputs.
        style: The family's numerical conventions.
        activated: Whether the family's halting branches activate their norms.
        family: The ResNet family.
        strides: Stride of the first unit.
        first_unit: The first unit's place among those of the network, from 0.
        total_units: Residual units of the network.
    """

    index: int
    num_units: int
    filters: int
    style: Style
    activated: bool
    family: str
    strides: int
    first_unit: int
    total_units: int


@dataclasses.dataclass(frozen=True)
class Method:
    """A method of adaptive computation.

    A method's loss is a function of the *means* over images of some statistics of each:
    over a batch in training, over the whole data set in an evaluation.

    Attributes:
        decide: Makes a block's decision from its `BlockPlan` and the arguments.
        arguments: The method's arguments and their defaults.
        statistics: What the loss needs of each image, from the model and its outputs:
            name -> float32 [N] or [N, k].
        loss: The method's own loss, from the statistics' means (scalars or [k]) and the
            model. None for none.
        loss_name: What logs call that loss.
        report: What an evaluation prints besides, by name, from the same means and the
            model.
        validate: Raises ValueError for arguments out of range; it is told the number of
            residual units, too.
        variant: Which original's ResNet it runs on by default.
        anneals: Whether it depends on how far the training is; the model then has a
            `progress`.
    """

    decide: Callable[[BlockPlan, Mapping[str, Any]], Decision]
    arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    statistics: Callable[[Any, Mapping[str, Tensor]], dict[str, Tensor]] | None = None
    loss: Callable[[Mapping[str, Tensor], Any], Tensor] | None = None
    loss_name: str = "method_loss"
    report: Callable[[Mapping[str, Any], Any], dict[str, float]] | None = None
    validate: Callable[[Mapping[str, Any], int], None] = lambda arguments, units: None
    variant: str = "sact"
    anneals: bool = False

    def complete(self, arguments: Mapping[str, Any], num_units: int) -> dict[str, Any]:
        """Fills in the defaults and checks the arguments.

        Args:
            arguments: By name; the rest take their defaults.
            num_units: Residual units of the network.

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
        for name, value in completed.items():
            if hasattr(value, "tolist"):  # NumPy's, which no config can hold.
                completed[name] = value.tolist()
            if isinstance(self.arguments[name], float):
                _check_number(name, completed[name])
        self.validate(completed, num_units)
        return completed


def _check_number(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise ValueError(f"{name} must be a number. Received: {name}={value!r}")


def _at_least_zero(arguments: Mapping[str, Any], name: str) -> None:
    value = arguments[name]
    _check_number(name, value)
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(
            f"{name} must be finite and at least 0. Received: {name}={value}"
        )


def _validate_halting(arguments: Mapping[str, Any], num_units: int) -> None:
    del num_units
    _at_least_zero(arguments, "tau")
    if not 0 < arguments["eps"] < 1:
        raise ValueError(f"eps must be in (0, 1). Received: eps={arguments['eps']}")


def _halting(model_type: str, *, spatial: bool) -> Method:
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
        arguments=METHOD_ARGUMENTS[model_type],
        statistics=lambda model, outputs: ponder_cost_statistics(outputs),
        loss=lambda means, model: ponder_cost_loss(means, model.arguments["tau"]),
        loss_name="ponder_loss",
        validate=_validate_halting,
        variant=DEFAULT_VARIANTS[model_type],
    )


def _validate_gates(arguments: Mapping[str, Any], num_units: int) -> None:
    parse_target_rates(arguments["target_rates"], arguments["target_rate"], num_units)
    if arguments["gate_eval"] not in GATE_EVALS:
        raise ValueError(
            f"gate_eval must be one of {', '.join(GATE_EVALS)}. "
            f"Received: gate_eval={arguments['gate_eval']!r}"
        )
    check_rate("noise_until", arguments["noise_until"])
    if arguments["rate_weight"] is not None:
        _at_least_zero(arguments, "rate_weight")


def _gate_units(plan: BlockPlan, arguments: Mapping[str, Any]) -> Decision:
    rates = parse_target_rates(
        arguments["target_rates"], arguments["target_rate"], plan.total_units
    )
    rates = rates[plan.first_unit :][: plan.num_units]
    return GateDecision(
        [rate < 1 or arguments["gate_all_units"] for rate in rates],
        gate_eval=arguments["gate_eval"],
        noise_until=arguments["noise_until"],
        style=plan.style,
        name="gates",
    )


def _gate_loss(means: Mapping[str, Tensor], model: Any) -> Tensor:
    on_imagenet = model.family == "imagenet"
    weight = model.arguments["rate_weight"]
    if weight is None:
        weight = 1.0 if on_imagenet else 2.0
    # A unit without a gate is at its rate of 1. One with a gate all the same counts as
    # in the original: on CIFAR only.
    return target_rate_loss(
        means["rates"],
        model.target_rates,
        weight=weight,
        counted=[rate < 1 or not on_imagenet for rate in model.target_rates],
    )


def _validate_budget(arguments: Mapping[str, Any], num_units: int) -> None:
    del num_units
    budget = arguments["budget"]
    if not (0 < budget <= 1 or budget == -1):
        raise ValueError(
            "budget must be in (0, 1], a share of the computation, or -1 for no "
            f"gating. Received: budget={budget}"
        )
    _at_least_zero(arguments, "budget_weight")
    check_rate("noise_until", arguments["noise_until"])


_TEMPERATURES = {"cifar": (1.0,), "imagenet": (5.0, 2.5, 1.0)}
"""Family -> temperatures of DynConv's gradients in the course of its training."""


def _mask_positions(plan: BlockPlan, arguments: Mapping[str, Any]) -> Decision:
    if arguments["budget"] == -1:
        return Decision(name="always")
    return MaskDecision(
        plan.num_units,
        strides=plan.strides,
        temperatures=_TEMPERATURES[plan.family],
        noise_until=arguments["noise_until"],
        style=plan.style,
        name="maskers",
    )


def _budget_statistics(model: Any, outputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {} if model.arguments["budget"] == -1 else budget_statistics(model, outputs)


def _budget_loss(means: Mapping[str, Tensor], model: Any) -> Tensor:
    if not means:
        return ops.zeros(())
    return budget_loss(
        means,
        model.arguments["budget"],
        progress=model.progress,
        weight=model.arguments["budget_weight"],
    )


METHODS = {
    "vanilla": Method(lambda plan, arguments: Decision(name="always")),
    "act": _halting("act", spatial=False),
    "sact": _halting("sact", spatial=True),
    "aig": Method(
        _gate_units,
        arguments=METHOD_ARGUMENTS["aig"],
        statistics=lambda model, outputs: {
            "rates": ops.stack(outputs["masks"], axis=1)
        },
        loss=_gate_loss,
        loss_name="target_rate_loss",
        report=lambda means, model: {"eval/Gate_Rate": float(means["rates"].mean())},
        validate=_validate_gates,
        variant=DEFAULT_VARIANTS["aig"],
        anneals=True,
    ),
    "dynconv": Method(
        _mask_positions,
        arguments=METHOD_ARGUMENTS["dynconv"],
        statistics=_budget_statistics,
        loss=_budget_loss,
        loss_name="budget_loss",
        report=lambda means, model: (
            {"eval/Budget": float(means["cost"].sum() / means["dense_cost"].sum())}
            if means
            else {}
        ),
        validate=_validate_budget,
        variant=DEFAULT_VARIANTS["dynconv"],
        anneals=True,
    ),
}
"""Every method by its model type."""
