"""Says in a few words which network a checkpoint's names belong to."""

import re
from collections.abc import Iterable

_UNIT = re.compile(r"(?:^|/)block_?(\d+)/unit_(\d+)(?=/)")
_HALTING = re.compile(r"/halting(_proba)?/")


def is_halting(name: str) -> bool:
    """Whether a variable, by our name or the original's, is of a halting branch."""
    return _HALTING.search(name) is not None


def describe_network(names: Iterable[str]) -> str | None:
    """Describes the network that variables of these names make up.

    Args:
        names: Names of all its variables, ours or the original's.

    Returns:
        Method, family and units of each block; None where the names tell nothing.

    Example:
        >>> describe_network(["block_1/unit_1/conv2/kernel", "head/logits/kernel"])
        'vanilla, CIFAR, units 1'
    """
    names = list(names)
    units: dict[int, int] = {}
    for name in names:
        if match := _UNIT.search(name):
            block, unit = int(match[1]), int(match[2])
            units[block] = max(unit, units.get(block, 0))
    if not units:
        return None
    # Bottlenecks have three convolutions, only SACT has local evidence.
    family = "ImageNet" if any("/conv3/" in name for name in names) else "CIFAR"
    method = "vanilla"
    if any(map(is_halting, names)):
        method = "sact" if any("/local_conv/" in name for name in names) else "act"
    depth = "_".join(str(units[block]) for block in sorted(units))
    return f"{method}, {family}, units {depth}"
