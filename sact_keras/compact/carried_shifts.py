"""Shifts that features carry from one unit to the next."""

from collections.abc import Sequence

import numpy as np

from sact_keras.compact.affine import Affine
from sact_keras.compact.folding import single
from sact_keras.compact.unit import CompactUnit
from sact_keras.compact.weight import Weight

_LARGEST = 32.0
"""The largest shift that is carried: features lose what float32 rounds off beside it,
at most 2e-6. A norm that hardly scales has large ones."""


def carry_shifts(units: Sequence[CompactUnit]) -> list[np.ndarray]:
    """Lets units hand on what the next one would add ahead of its activation.

    What is left of a unit's batch norm and activation ahead of its convolutions is
    a(x + t), and adding t is a pass over the features. The last convolution of the
    unit before has a bias, which costs nothing and may as well add it: what goes from
    unit to unit is x + t, and the last unit takes off what it was handed. Whoever
    else reads features between units has to reckon with what they carry.

    Args:
        units: Those of a block, in order; they are changed. All but the first have
            their input as shortcut, and none activates its sum, or nothing is carried.

    Returns:
        What the features behind each unit carry, float32 [filters] each.

    Example:
        >>> from sact_keras.compact.convolution import Convolution
        >>> kernel = np.ones((1, 1, 1, 1), "float32")
        >>> units = [
        ...     CompactUnit([Convolution(kernel)], Affine(None, np.array([shift])))
        ...     for shift in (0.0, 0.5)
        ... ]
        >>> [carried.tolist() for carried in carry_shifts(units)]
        [[0.5], [0.0]]
        >>> x = np.ones((1, 1, 1, 1), "float32")
        >>> first = units[0](x)
        >>> [float(features[0, 0, 0, 0]) for features in (first, units[1](first))]
        [2.5, 4.5]
    """
    nothing = np.zeros(units[-1].filters, "float32")
    can_carry = all(unit.keeps_input for unit in units[1:]) and all(
        unit.slope is None for unit in units
    )
    shifts = [_shift_of(unit) if can_carry else None for unit in units[1:]]
    carried = [nothing if shift is None else shift for shift in shifts] + [nothing]
    before = nothing
    for unit, behind in zip(units, carried, strict=True):
        if before.any():
            unit.preact = Affine(None, None, unit.preact.slope)
        if (behind - before).any():
            unit.step = Weight(single(behind - before))
        before = behind
    return carried


def _shift_of(unit: CompactUnit) -> np.ndarray | None:
    """What a unit adds to its input first; None if that cannot be carried."""
    preact = unit.preact
    if preact is None or preact.scale is not None or preact.shift is None:
        return None
    shift = preact.shift.values
    return shift if np.abs(shift).max() <= _LARGEST else None
