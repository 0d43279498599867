"""The methods: each is its way of deciding, and its loss.

Adding one takes an entry in `METHODS`, and its arguments in
`presets.METHOD_ARGUMENTS`; execution and accounting know nothing of it.
docs/tutorials/add_a_method.md walks through one.
"""

import math
from collections.abc import Mapping
from typing import Any

from keras import ops

from sact_keras.kernels.types import Tensor
from sact_keras.layers import (
    Decision,
    GateDecision,
    HaltingDecision,
    MaskDecision,
    PolicyDecision,
)
from sact_keras.losses import (
    budget_loss,
    budget_statistics,
    ponder_cost_loss,
    ponder_cost_statistics,
    target_rate_loss,
)
from sact_keras.models.method import BlockPlan, Method, check_number
from sact_keras.models.policy_method import (
    MEASURED,
    make_policy,
    measure_policies,
    reinforce,
    validate_policy,
)
from sact_keras.models.presets import (
    DEFAULT_VARIANTS,
    GATE_EVALS,
    METHOD_ARGUMENTS,
)
from sact_keras.models.target_rates import check_rate, parse_target_rates


def _at_least_zero(arguments: Mapping[str, Any], name: str) -> None:
    value = arguments[name]
    check_number(name, value)
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
        is_linear=True,
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


def _follow_policy(plan: BlockPlan, arguments: Mapping[str, Any]) -> Decision:
    del plan
    if arguments["stage"] == "pretrain":
        return Decision(name="always")
    return PolicyDecision(name="policy")


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
    "blockdrop": Method(
        _follow_policy,
        arguments=METHOD_ARGUMENTS["blockdrop"],
        validate=validate_policy,
        variant=DEFAULT_VARIANTS["blockdrop"],
        policy=make_policy,
        frozen=lambda arguments: arguments["stage"] == "curriculum",
        reinforce=reinforce,
        measured=MEASURED,
        measure=measure_policies,
    ),
}
"""Every method by its model type."""
