"""The target rates of ConvNet-AIG's gates.

Nothing here imports Keras: the driver checks its flags with it.
"""

from collections.abc import Sequence
from typing import Any

_RESNET_50 = "1,1,0.8,1,t,t,t,1,t,t,t,t,t,1,0.7,1"
_RESNET_101 = ",".join(["1"] * 8 + ["t"] * 25)

TARGET_RATE_SCHEDULES = {"resnet50": _RESNET_50, "resnet101": _RESNET_101}
"""The paper's schedules by name; t stands for the target rate (0.4 to 0.7 there)."""

_VARIABLE = "t"


def parse_target_rates(
    target_rates: str | Sequence[float | str] | None,
    target_rate: float,
    num_units: int,
) -> tuple[float, ...]:
    """The target rate of each residual unit.

    Args:
        target_rates: One rate a unit, in the order of the network, as a sequence or
            joined by commas; 't' stands for `target_rate`. Or a key of
            `TARGET_RATE_SCHEDULES`. None for `target_rate` everywhere.
        target_rate: In [0, 1].
        num_units: Residual units of the network.

    Returns:
        `num_units` rates, each in [0, 1].

    Raises:
        ValueError: If a rate is not in [0, 1], or if there are not as many as units.

    Example:
        >>> parse_target_rates("1,t,0.5", 0.6, num_units=3)
        (1.0, 0.6, 0.5)
        >>> parse_target_rates("1,t", 0.6, num_units=3)
        Traceback (most recent call last):
        ValueError: target_rates must be 3 rates, one for each residual unit. \
Received: 2 rates, target_rates='1,t'
    """
    check_rate("target_rate", target_rate)
    if target_rates is None:
        return (float(target_rate),) * num_units
    received = f"target_rates={target_rates!r}"
    rates = [
        float(target_rate) if item == _VARIABLE else _number(item, received)
        for item in _items(target_rates)
    ]
    for rate in rates:
        check_rate("target_rates", rate, received)
    if len(rates) != num_units:
        raise ValueError(
            f"target_rates must be {num_units} rates, one for each residual unit. "
            f"Received: {len(rates)} rates, {received}"
        )
    return tuple(rates)


def uses_target_rate(target_rates: str | Sequence[float | str] | None) -> bool:
    """Whether a schedule has a place for `target_rate`.

    Example:
        >>> uses_target_rate("1,0.5,1"), uses_target_rate("resnet101")
        (False, True)
    """
    return target_rates is None or _VARIABLE in _items(target_rates)


def check_rate(name: str, rate: Any, received: str | None = None) -> None:
    """Refuses what is no rate.

    Raises:
        ValueError: If `rate` is not in [0, 1].
    """
    if not 0.0 <= rate <= 1.0:
        raise ValueError(
            f"{name} must be in [0, 1]. Received: {received or f'{name}={rate}'}"
        )


def _items(target_rates: str | Sequence[float | str]) -> list[float | str]:
    if not isinstance(target_rates, str):
        return (
            list(target_rates) if isinstance(target_rates, Sequence) else [target_rates]
        )
    text = TARGET_RATE_SCHEDULES.get(target_rates, target_rates)
    return [item.strip() for item in text.split(",")]


def _number(item: float | str, received: str) -> float:
    try:
        return float(item)
    except (TypeError, ValueError):
        known = ", ".join(TARGET_RATE_SCHEDULES)
        raise ValueError(
            "target_rates must be numbers or 't' joined by commas, or one of "
            f"{known}. Received: {received}"
        ) from None
