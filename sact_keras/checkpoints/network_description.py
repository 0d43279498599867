"""Says in a few words which network a checkpoint's names belong to."""

import re
from collections.abc import Iterable

PROGRESS = "progress"
"""Path of the weight that tells an annealed method how far its training is."""

FREE_UNITS = "policy/free_units"
"""Path of the weight that tells about how many units a policy network decides."""

# Each with the numbers of its first block and of its first unit.
_UNITS = (
    (re.compile(r"(?:^|/)block_?(\d+)/unit_(\d+)(?=/)"), 1, 1),
    (re.compile(r"^layer(\d+)\.(\d+)(?=\.)"), 1, 0),
    (re.compile(r"^blocks\.(\d+)\.(\d+)(?=\.)"), 0, 0),
)
_GATES = re.compile(r"/gates/|^layer\d+\.\d+\.(fc1|fc1bn|fc2)\.")
_MASKERS = re.compile(r"/maskers/|^layer\d+\.\d+\.masker\.")
_POLICY = re.compile(r"(?:^|/)policy/|^agent\.")
_HALTING = re.compile(r"/halting(_proba)?/")
_CLASSIFIER = re.compile(
    r"^(head/logits|resnet_residual/logits|resnet_v2/logits)/|^(fc|linear)\."
)
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
        >>> is_decision("agent.logit.weight"), is_decision("fc.weight")
        (True, False)
    """
    return name == PROGRESS or any(
        pattern.search(name) for pattern in (_HALTING, _GATES, _MASKERS, _POLICY)
    )


def is_classifier(name: str) -> bool:
    """Whether a variable is of the layer that has as many outputs as classes.

    Args:
        name: As for `is_decision`.

    Example:
        >>> is_classifier("head/logits/kernel"), is_classifier("fc.weight")
        (True, True)
        >>> is_classifier("block_1/gates/unit_1/logits/bias")
        False
    """
    return _CLASSIFIER.search(name) is not None


def is_policy(name: str) -> bool:
    """Whether a variable is of a network that decides before the others run.

    Args:
        name: As for `is_decision`.

    Example:
        >>> is_policy("policy/stem/conv/kernel"), is_policy("agent.logit.weight")
        (True, True)
    """
    return _POLICY.search(name) is not None


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
        for pattern, first_block, first_unit in _UNITS:
            if match := pattern.search(name):
                block = int(match[1]) + 1 - first_block
                unit = int(match[2]) + 1 - first_unit
                units[block] = max(unit, units.get(block, 0))
    if not units:
        return None
    bottlenecks = any(map(_BOTTLENECK.search, names))
    family = "ImageNet" if bottlenecks or _IMAGENET_BLOCK in units else "CIFAR"
    # Between ResNet-34 and ResNet-50 there is no other difference.
    kind = "basic units" if family == "ImageNet" and not bottlenecks else "units"
    depth = "_".join(str(units[block]) for block in sorted(units))
    return f"{_method(names)}, {family}, {kind} {depth}"


def _method(names: list[str]) -> str:
    for method, pattern in (
        ("blockdrop", _POLICY),
        ("dynconv", _MASKERS),
        ("aig", _GATES),
    ):
        if any(map(pattern.search, names)):
            return method
    if not any(map(_HALTING.search, names)):
        return "vanilla"
    # Only SACT has local evidence.
    return "sact" if any("/local_conv/" in name for name in names) else "act"
