"""Resolves the flags that say which network."""

import contextlib

from sact_keras.models.presets import DATASETS, parse_model
from sact_keras.training.check_model_options import VARIANTS_OF, check_model_options
from sact_keras.training.options import Options
from sact_keras.training.usage_error import UsageError


def resolve_model(options: Options) -> Options:
    """Fills in the model's flags that were not given, and checks all of them.

    Args:
        options: Options whose data set is known: which models there are depends on it,
            and what a checkpoint is of is known only when it has been looked at.

    Raises:
        UsageError: If there is no such network.
    """
    check_model_options(options)
    try:
        return options.resolve_model()
    except ValueError as error:
        # What is evaluated may be of any variant; it is known only now of which.
        raise UsageError(f"--{error}{_variant_hint(options)}") from error


def _variant_hint(options: Options) -> str:
    """Says which variants have the model that is not the default one's."""
    model_type = options.model_type or "vanilla"
    family = DATASETS[options.dataset].family
    having = []
    for variant in VARIANTS_OF[model_type] if options.variant is None else ():
        with contextlib.suppress(ValueError):
            parse_model(options.model, family, variant)
            having.append(f"--variant={variant}")
    return f". There is one with {' or '.join(having)}" if having else ""
