"""Says in a few words which network a checkpoint's names belong to."""

import re
from collections.abc import Iterable

PROGRESS = "progress"
"""Path of the weight that tells an annealed method how far its training is."""

# By our names and TensorFlow's from 1, by PyTorch's from 0.
_UNIT = re.compile(r"(?:^|/)block_?(\d+)/unit_(\d+)(?=/)|^layer(\d+)\.(\d+)(?=\.)")
_GATES = re.compile(r"/gates/|^layer\d+\.\d+\.(fc1|fc1bn|fc2)\.")
_MASKERS = re.compile(r"/maskers/|^layer\d+\.\d+\.masker\.")
_HALTING = re.compile(r"/halting(_proba)?/")
_BOTTLENECK = re.compile(r"[/.]conv3[/.]")
_IMAGENET_BLOCK = 4
"""A block that the ResNets of ImageNet have, and those of CIFAR have not."""


def is_decision(name: str) -> bool:
    """Whether a variable is of what decides, rather than of what is decided on.

    Args:
        name: Our name, without the model's, or an original's.

    Example:
        >>> is_decision("block_1/maskers/unit_1/local_conv/kernel")
        True
        >>> is_decision("layer1.0.fc1.weight"), is_decision("fc.weight")
        (True, False)
    """
    return name == PROGRESS or any(
        pattern.search(name) for pattern in (_HALTING, _GATES, _MASKERS)
    )


def describe_network(names: Iterable[str]) -> str | None:
    """Describes the network that variables of these names make up.

    Args:
        names: Names of all its variables, ours or an original's.

    Returns:
        Method, family and units of each block; None where the names tell nothing.

    Example:
        >>> describe_network(["block_1/unit_1/conv2/kernel", "head/logits/kernel"])
        'vanilla, CIFAR, units 1'
        >>> describe_network(f"layer{block}.1.fc1.weight" for block in (1, 2, 3, 4))
        'aig, ImageNet, basic units 2_2_2_2'
    """
    names = list(names)
    units: dict[int, int] = {}
    for name in names:
        if match := _UNIT.search(name):
            block, unit = int(match[1] or match[3]), int(match[2] or match[4])
            number = unit if match[1] else unit + 1
            units[block] = max(number, units.get(block, 0))
    if not units:
        return None
    bottlenecks = any(map(_BOTTLENECK.search, names))
    family = "ImageNet" if bottlenecks or _IMAGENET_BLOCK in units else "CIFAR"
    # Between ResNet-34 and ResNet-50 there is no other difference.
    kind = "basic units" if family == "ImageNet" and not bottlenecks else "units"
    depth = "_".join(str(units[block]) for block in sorted(units))
    return f"{_method(names)}, {family}, {kind} {depth}"


def _method(names: list[str]) -> str:
    for method, pattern in (("dynconv", _MASKERS), ("aig", _GATES)):
        if any(map(pattern.search, names)):
            return method
    if not any(map(_HALTING.search, names)):
        return "vanilla"
    # Only SACT has local evidence.
    return "sact" if any("/local_conv/" in name for name in names) else "act"
