"""Checks the flags of the pruning."""

from sact_keras.compression.pruning_choices import PRUNE_ALSO
from sact_keras.training.options import Options
from sact_keras.training.usage_error import UsageError, refuse

_PRUNING_FLAGS = (
    "prune_begin_step",
    "prune_end_step",
    "prune_frequency",
    "prune_block",
    "prune_also",
)


def check_pruning(options: Options) -> None:
    """Checks each flag of the pruning, and that they belong together.

    Raises:
        UsageError: In one sentence that names the flag, what it must be and what was
            received.

    Example:
        >>> check_pruning(Options(prune_final_sparsity=0.8))
        >>> check_pruning(Options(prune_final_sparsity=80.0))
        Traceback (most recent call last):
        sact_keras.training.usage_error.UsageError: --prune_final_sparsity must be in \
(0, 1). Received: --prune_final_sparsity=80
    """
    final, defaults = options.prune_final_sparsity, Options()
    if final is None:
        for name in _PRUNING_FLAGS:
            value = getattr(options, name)
            if value != getattr(defaults, name):
                raise UsageError(
                    f"--{name} has a meaning with --prune_final_sparsity alone. "
                    f"Received: --{name}={value}"
                )
        return
    if not 0 < final < 1:
        refuse("prune_final_sparsity", "in (0, 1)", final)
    for name, least in (
        ("prune_begin_step", 0),
        ("prune_end_step", 0),
        ("prune_frequency", 1),
    ):
        value = getattr(options, name)
        if value is not None and value < least:
            refuse(name, f"at least {least}", value)
    if not set(options.also_pruned) <= set(PRUNE_ALSO):
        refuse("prune_also", f"among {', '.join(PRUNE_ALSO)}", options.prune_also)
    if options.prune_block == "2:4":
        _check_two_of_four(options)
    if options.stage == "curriculum" and "decisions" not in options.also_pruned:
        raise UsageError(
            "--stage=curriculum trains the policy alone, which is pruned with "
            "--prune_also=decisions. Received: --prune_final_sparsity="
            f"{final:g} without"
        )


def _check_two_of_four(options: Options) -> None:
    if options.prune_final_sparsity != 0.5:
        raise UsageError(
            "--prune_block=2:4 makes a sparsity of 0.5. Received: "
            f"--prune_final_sparsity={options.prune_final_sparsity:g}"
        )
    for name in ("prune_end_step", "prune_frequency"):
        if getattr(options, name) is not None:
            raise UsageError(
                f"--{name} has no meaning with --prune_block=2:4, which prunes once, "
                f"at --prune_begin_step. Received: --{name}={getattr(options, name)}"
            )
