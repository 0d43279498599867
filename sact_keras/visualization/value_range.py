"""Percentiles of more values than fit into memory."""

import math
from collections.abc import Iterable

import numpy as np

SCALE_PERCENTILES = (0.1, 99.9)
"""Between which a data set's maps are coloured: outliers do not stretch the scale."""


def value_range(
    chunks: Iterable[np.ndarray],
    total: int,
    percentiles: tuple[float, float] = SCALE_PERCENTILES,
) -> tuple[float, float]:
    """Two percentiles of values that come in chunks, exactly as NumPy has them.

    Of all values only those beyond the percentiles are kept, which a partial sort picks
    from each chunk: for the default a thousandth of them at either end.

    Args:
        chunks: Arrays of any shape, read once, one at a time.
        total: Values in all chunks together.
        percentiles: The lower and the upper one, in [0, 100].

    Returns:
        Both percentiles, interpolated linearly between the values beside them.

    Raises:
        ValueError: If a percentile is out of range, there is no value, or `total` is
            not how many there are.

    Example:
        >>> value_range([np.arange(50), np.arange(50, 101)], total=101)
        (0.1, 99.9)
    """
    low, high = percentiles
    if not 0 <= low <= high <= 100:
        raise ValueError(
            "`percentiles` must be in [0, 100], the lower one first. "
            f"Received: percentiles={percentiles}"
        )
    if total < 1:
        raise ValueError(f"`total` must be at least 1. Received: total={total}")
    # Where each percentile lies among the sorted values: at the upper end counted
    # from the largest on, so that both are the same work.
    lower_rank = low / 100 * (total - 1)
    upper_rank = (100 - high) / 100 * (total - 1)
    smallest = negated = np.empty(0)
    count = 0
    for chunk in chunks:
        values = np.asarray(chunk, dtype=np.float64).ravel()
        count += values.size
        smallest = _keep_smallest(smallest, values, math.floor(lower_rank) + 2)
        negated = _keep_smallest(negated, -values, math.floor(upper_rank) + 2)
    if count != total:
        raise ValueError(
            f"`total` must be the number of values in `chunks`, {count}. "
            f"Received: total={total}"
        )
    return _at_rank(smallest, lower_rank), -_at_rank(negated, upper_rank)


def _keep_smallest(kept: np.ndarray, values: np.ndarray, number: int) -> np.ndarray:
    values = np.concatenate([kept, values])
    if len(values) <= number:
        return values
    # A copy, lest all values stay in memory behind the view.
    return np.partition(values, number - 1)[:number].copy()


def _at_rank(values: np.ndarray, rank: float) -> float:
    ordered = np.sort(values)
    return float(np.interp(rank, np.arange(len(ordered)), ordered))
