"""Which compute budgets a sweep goes through; without Keras, for flags."""

_OF_MASKS = (0.0625, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
_OF_GATES = (0.25, 0.5, 0.7, 0.8, 0.9, 1.0, 1.25, 2.0, 4.0)
_OF_POLICIES = (1e-5, 1e-4, 0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
_OF_HALTING = (0.0, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.1, 1.0, 10.0)

DEFAULT_COMPUTE_BUDGETS = {
    "act": _OF_HALTING,
    "sact": _OF_HALTING,
    "aig": _OF_GATES,
    "dynconv": _OF_MASKS,
    "blockdrop": _OF_POLICIES,
}
"""Model type -> budgets, where `--compute_budgets` is not given.

Chosen by looking at trained networks. Halting stops at scores that add up to 0.99, odds
of 99, so that it takes small budgets to have it stop much earlier. Gates of whole
images are so close to each other that twice the odds, or half, changes most of them;
policies are so sure that nothing less than a hundred times the odds changes much.
"""


def parse_compute_budgets(text: str | None) -> tuple[float, ...] | None:
    """Reads what `--compute_budgets` says.

    Args:
        text: Numbers of at least 0, joined by commas, "inf" among them if need be; None
            where it is not given.

    Returns:
        Each number once, in ascending order; None for None.

    Raises:
        ValueError: If it is not of that form.

    Example:
        >>> parse_compute_budgets("1,0.5,2,1")
        (0.5, 1.0, 2.0)
    """
    if text is None:
        return None
    try:
        budgets = {float(part) for part in text.split(",")}
    except ValueError:
        budgets = set()
    # Written so that NaN fails it too.
    if budgets and all(budget >= 0 for budget in budgets):
        return tuple(sorted(budgets))
    raise ValueError(
        "compute_budgets must be numbers of at least 0, joined by commas ('0.5,1,2'). "
        f"Received: compute_budgets={text}"
    )
