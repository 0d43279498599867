"""Flags of the sweep over compute budgets."""

from sact_keras.training.flag_groups.flag_group import FlagGroup


def define_sweep(group: FlagGroup) -> None:
    """Defines the flags of the sweep."""
    group.text(
        "compute_budgets",
        "Budgets that sweep goes through, joined by commas ('0.25,0.5,1,2'): each "
        "multiplies the odds in favour of running at each decision. 1 is as trained, 0 "
        "runs as little as there is, inf as much. Unset: nine that suit the method.",
    )
