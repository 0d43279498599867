"""Checks the flags of the network and of its method."""

import math

from sact_keras.models import presets
from sact_keras.models.target_rates import parse_target_rates, uses_target_rate
from sact_keras.training.options import METHOD_FLAGS, UNUSED_IN_STAGE, Options
from sact_keras.training.usage_error import UsageError, refuse

NO_BUDGET = -1.0
"""The budget that means: run everything."""

_GATED = ("aig", "dynconv")
VARIANTS_OF = {
    "vanilla": presets.VARIANTS,
    "act": ("sact",),
    "sact": ("sact",),
    "aig": _GATED,
    "dynconv": _GATED,
    "blockdrop": ("blockdrop",),
}
"""Model type -> the variants that it runs on."""


def check_model_options(options: Options) -> None:
    """Checks each flag of the model by itself, and together as far as they are known.

    Args:
        options: As the command line gives them, or as a run has completed them. A
            model type of None is that of a checkpoint still to be read.

    Raises:
        UsageError: In one sentence that names the flag, what it must be and what was
            received.

    Example:
        >>> check_model_options(Options(model_type="aig", target_rate=0.6))
        >>> check_model_options(Options(model_type="dynconv", budget=1.5))
        Traceback (most recent call last):
        sact_keras.training.usage_error.UsageError: --budget must be in (0, 1], or -1 \
for no gating. Received: --budget=1.5
    """
    _check_ranges(options)
    model_type = options.model_type or ("vanilla" if options.trains else None)
    if model_type is not None:
        _check_variant(options, model_type)
        _check_method(options, model_type)
        if not options.trains:
            _check_policy(options, model_type)
    if options.model is not None:
        _check_model(options, _variants(options, model_type))
    if model_type == "aig":
        _check_target_rates(options)


def with_article(model_type: str) -> str:
    """A model type behind its article.

    Example:
        >>> with_article("sact"), with_article("aig")
        ('a sact', 'an aig')
    """
    return f"{'an' if model_type[0] in 'aeiou' else 'a'} {model_type}"


def _check_ranges(options: Options) -> None:
    for name in ("tau", "rate_weight", "budget_weight", "beta"):
        value = getattr(options, name)
        if value is not None and not 0 <= value < math.inf:
            refuse(name, "at least 0", value)
    if options.eps is not None and not 0 < options.eps < 1:
        refuse("eps", "between 0 and 1, both excluded", options.eps)
    budget = options.budget
    if budget is not None and budget != NO_BUDGET and not 0 < budget <= 1:
        refuse("budget", f"in (0, 1], or {NO_BUDGET:g} for no gating", budget)
    for name in ("target_rate", "noise_until"):
        value = getattr(options, name)
        if value is not None and not 0 <= value <= 1:
            refuse(name, "in [0, 1]", value)
    penalty, alpha = options.penalty, options.alpha
    if penalty is not None and not -math.inf < penalty <= 0:
        refuse("penalty", "at most 0, the reward of a wrong prediction", penalty)
    if alpha is not None and not 0.5 < alpha <= 1:
        refuse("alpha", "in (0.5, 1]", alpha)


def _check_variant(options: Options, model_type: str) -> None:
    allowed = VARIANTS_OF[model_type]
    if options.variant not in (None, *allowed):
        raise UsageError(
            f"--variant must be {' or '.join(allowed)} for --model_type={model_type}. "
            f"Received: --variant={options.variant}"
        )


def _check_method(options: Options, model_type: str) -> None:
    taken = presets.METHOD_ARGUMENTS[model_type]
    for name in METHOD_FLAGS:
        if name in options.explicit and name not in taken:
            value = getattr(options, name)
            shown = f"{value:g}" if isinstance(value, float) else value
            raise UsageError(
                f"--{name} has no meaning for {with_article(model_type)} model. "
                "Received: "
                f"--{name}={shown} --model_type={model_type}"
            )
    for name in UNUSED_IN_STAGE.get(options.stage, ()):
        if name in options.explicit:
            raise UsageError(
                f"--{name} has no meaning in the stage {options.stage}. Received: "
                f"--{name}={getattr(options, name):g} --stage={options.stage}"
            )


def _check_policy(options: Options, model_type: str) -> None:
    """Refuses a policy where a network that has none is evaluated."""
    has_policy = model_type == "blockdrop" and options.stage != "pretrain"
    if options.policy_path is not None and not has_policy:
        stage = f" --stage={options.stage}" if options.stage else ""
        raise UsageError(
            "--policy_path needs --model_type=blockdrop, and --stage=curriculum or "
            f"finetune. Received: --policy_path={options.policy_path} "
            f"--model_type={model_type}{stage}"
        )


def _variants(options: Options, model_type: str | None) -> tuple[str, ...]:
    """The variants that the model may be of."""
    if options.variant is not None:
        return (options.variant,)
    if model_type is None:
        return presets.VARIANTS
    if options.trains:
        return (presets.DEFAULT_VARIANTS[model_type],)
    return VARIANTS_OF[model_type]


def _check_model(options: Options, variants: tuple[str, ...]) -> None:
    """Refuses what no data set has, or not the one that is named."""
    families = [
        preset.family
        for name, preset in presets.DATASETS.items()
        if options.dataset in (None, name)
    ]
    errors = []
    for family in dict.fromkeys(families):
        for variant in variants:
            try:
                presets.parse_model(options.model, family, variant)
            except ValueError as error:
                errors.append(error)
            else:
                return
    raise UsageError(f"--{errors[0]}") from errors[0]


def _check_target_rates(options: Options) -> None:
    if "target_rate" in options.explicit and not uses_target_rate(options.target_rates):
        raise UsageError(
            "--target_rate has no meaning where no t in --target_rates stands for it. "
            f"Received: --target_rate={options.target_rate:g} "
            f"--target_rates={options.target_rates}"
        )
    # Without a data set, or without a model that a run may still tell, the number of
    # units is not known yet.
    if options.target_rates is None or options.dataset is None:
        return
    if options.model is None and not options.trains:
        return
    (variant,) = _variants(options, "aig")[:1]
    family = presets.DATASETS[options.dataset].family
    num_units = sum(presets.parse_model(options.model, family, variant))
    rate = 0.0 if options.target_rate is None else options.target_rate
    try:
        parse_target_rates(options.target_rates, rate, num_units)
    except ValueError as error:
        raise UsageError(f"--{error}") from error
