"""Which of many images a report shows."""

from collections.abc import Sequence

import numpy as np


def choose_entries(costs: Sequence[float], limit: int) -> list[int]:
    """Takes the cheapest, the dearest, and an even spread between.

    Args:
        costs: Of all images.
        limit: Images to take at most, 1 or more.

    Returns:
        Indices by increasing cost: all if there are no more than `limit`; else a third
        of `limit` from either end, and the rest evenly by rank between them.

    Example:
        >>> choose_entries([5.0, 1.0, 2.0, 4.0, 3.0], limit=3)
        [1, 4, 0]
    """
    order = np.argsort(costs, kind="stable")
    if len(order) <= limit:
        return order.tolist()
    end = limit // 3
    between = order[end : len(order) - end]
    spread = limit - 2 * end
    picked = ((np.arange(spread) + 0.5) * len(between) / spread).astype(int)
    chosen = np.concatenate([order[:end], between[picked], order[len(order) - end :]])
    return chosen.tolist()


def describe_choice(shown: int, total: int) -> str:
    """Says which images a report shows.

    Args:
        shown: How many of them.
        total: How many there are.

    Returns:
        A sentence.

    Example:
        >>> describe_choice(200, 10_000)
        '200 of 10,000 images are shown: the 66 cheapest, the 66 dearest and 68 spread
        evenly between them. The figures above are those of all.'
    """
    if shown == total:
        return (
            f"All {total:,} images are shown." if total > 1 else "There is one image."
        )
    end = shown // 3
    parts = f"{shown - 2 * end} spread evenly by cost"
    if end:
        parts = (
            f"the {end} cheapest, the {end} dearest and {shown - 2 * end} spread "
            "evenly between them"
        )
    return (
        f"{shown:,} of {total:,} images are shown: {parts}. The figures above are "
        "those of all."
    )
