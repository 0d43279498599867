"""Times several functions that take turns."""

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np

TURN_SECONDS = 0.2
"""How long a turn lasts at least; always one call."""


def take_turns(
    calls: Mapping[str, Callable[[], object]],
    rounds: int,
    turn_seconds: float = TURN_SECONDS,
) -> dict[str, list[float]]:
    """Times functions in rounds, in each of which all have their turn.

    A change of the machine's speed so meets all of them. Every other round runs
    backwards.

    Args:
        calls: Name -> a function that is done when it returns. It has been called
            before, so that nothing is left to be compiled.
        rounds: At least 1.
        turn_seconds: How long a turn lasts at least; always one call.

    Returns:
        Name -> seconds of a call, in each round.

    Example:
        >>> seconds = take_turns({"nothing": lambda: None}, rounds=3, turn_seconds=0)
        >>> len(seconds["nothing"])
        3
    """
    calls_per_turn = {
        name: max(1, math.ceil(turn_seconds / max(_time(call, 1), 1e-6)))
        for name, call in calls.items()
    }
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(rounds):
        for name in calls if number % 2 == 0 else reversed(calls):
            seconds[name].append(_time(calls[name], calls_per_turn[name]))
    return seconds


def describe_times(seconds: Sequence[float], batch_size: int) -> dict[str, float]:
    """Median and spread of a call's times, for a report.

    Args:
        seconds: Of a call, in each round.
        batch_size: Images of a call.

    Returns:
        Milliseconds of a call: "milliseconds" (the median), "lower_quartile",
        "upper_quartile", "least", "most"; and "images_per_second", of the median.

    Example:
        >>> describe_times([0.5, 0.25, 1.0], batch_size=2)["images_per_second"]
        4.0
    """
    milliseconds = [1000 * value for value in seconds]
    lower, upper = np.quantile(milliseconds, (0.25, 0.75))
    median = statistics.median(milliseconds)
    return {
        "milliseconds": median,
        "lower_quartile": float(lower),
        "upper_quartile": float(upper),
        "least": min(milliseconds),
        "most": max(milliseconds),
        "images_per_second": 1000 * batch_size / median,
    }


def _time(call: Callable[[], object], number: int) -> float:
    """Mean seconds of a number of calls."""
    begin = time.perf_counter()
    for _ in range(number):
        call()
    return (time.perf_counter() - begin) / number
