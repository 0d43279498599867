"""Names of models as tables: model types, depths, data sets.

Nothing here imports Keras: the driver reads these tables to check its flags before
any work begins.
"""

import dataclasses
from typing import Any, NamedTuple

METHOD_ARGUMENTS: dict[str, dict[str, Any]] = {
    "vanilla": {},
    "act": {"tau": 0.01, "eps": 0.01},
    "sact": {"tau": 0.01, "eps": 0.01},
    "aig": {
        "target_rate": 0.6,
        "target_rates": None,
        "gate_eval": "deterministic",
        "rate_weight": None,
        "gate_all_units": False,
        "noise_until": 0.4,
    },
    "dynconv": {"budget": 0.5, "budget_weight": 10.0, "noise_until": 0.8},
    "blockdrop": {"stage": "finetune", "penalty": None, "alpha": 0.8, "beta": 0.1},
}
"""Model type -> the arguments that its method takes, with their defaults."""

MODEL_TYPES = tuple(METHOD_ARGUMENTS)
"""Every model type that `build_model` knows."""

DEFAULT_VARIANTS = {
    "vanilla": "sact",
    "act": "sact",
    "sact": "sact",
    "aig": "aig",
    "dynconv": "dynconv",
    "blockdrop": "blockdrop",
}
"""Model type -> the original whose ResNet it runs on, unless asked otherwise."""

VARIANTS = tuple(dict.fromkeys(DEFAULT_VARIANTS.values()))
"""Every variant of the ResNets: which original they are as in."""

PREPROCESSINGS = (*VARIANTS, "blockdrop_r32")
"""Whose preparation of the images: the variants', of which BlockDrop has two."""

GATE_EVALS = ("deterministic", "sample", "expected")
"""What gates may do at inference; see `GateDecision`."""

PENALTIES = {"pretrain": None, "curriculum": -1.0, "finetune": -5.0}
"""Stage of BlockDrop's training -> the reward of a wrong prediction, unless given."""

STAGES = tuple(PENALTIES)
"""The stages of BlockDrop's training, in their order (Wu et al. 2018, section 3.3)."""

MODEL_TYPE_ALIASES = {"act_early_stopping": "act"}
"""Names of the original that mean a model type of ours."""


@dataclasses.dataclass(frozen=True)
class DatasetPreset:
    """What a data set fixes about the model that is trained on it.

    Attributes:
        family: The ResNet family.
        image_size: (height, width) in pixels, unless asked otherwise.
        num_classes: Number of classes; None where only the data itself knows.
    """

    family: str
    image_size: tuple[int, int]
    num_classes: int | None


DATASETS = {
    "cifar10": DatasetPreset("cifar", (32, 32), 10),
    "cifar100": DatasetPreset("cifar", (32, 32), 100),
    "shapes": DatasetPreset("cifar", (32, 32), 10),
    # Class 0 is the background, as in the originals' checkpoints.
    "imagenet": DatasetPreset("imagenet", (224, 224), 1001),
    # Images of one's own, a folder for each class.
    "folder": DatasetPreset("cifar", (32, 32), None),
}

NUM_BLOCKS = {"cifar": 3, "imagenet": 4}
"""Blocks of each ResNet family."""

BASE_CHANNELS = {"cifar": 16, "imagenet": 64}
"""The base of the widths of each ResNet family, unless asked otherwise."""

DEFAULT_MODELS = {"cifar": "5", "imagenet": "101"}
"""The model of each ResNet family where none is named."""

DEPTHS = {
    ("imagenet", "sact"): {
        "50": (3, 4, 6, 3),
        "101": (3, 4, 23, 3),
        "152": (3, 8, 36, 3),
        "200": (3, 24, 36, 3),
    },
    ("imagenet", "aig"): {
        "50": (3, 4, 6, 3),
        "101": (3, 4, 23, 3),
        "152": (3, 8, 36, 3),
    },
    ("imagenet", "dynconv"): {
        "18": (2, 2, 2, 2),
        "34": (3, 4, 6, 3),
        "50": (3, 4, 6, 3),
        "101": (3, 4, 23, 3),
        "152": (3, 8, 36, 3),
    },
    ("imagenet", "blockdrop"): {
        "50": (3, 4, 6, 3),
        "101": (3, 4, 23, 3),
        "152": (3, 8, 36, 3),
    },
}
"""(family, variant) -> the models that are named by their number of layers."""

BASIC_DEPTHS = ("18", "34")
"""Those of them that are of basic units, of two convolutions (He et al. 2016)."""

_BASIC_PREFIX = "basic_"


class Architecture(NamedTuple):
    """What the name of a model says.

    Attributes:
        num_units: Residual units of each block.
        unit: "basic" (two convolutions) or "bottleneck" (three).
    """

    num_units: tuple[int, ...]
    unit: str


def num_classes_of(dataset: str, variant: str) -> int | None:
    """Classes that a variant's networks tell apart on a data set.

    On ImageNet the networks of TensorFlow count the background as class 0; those of
    PyTorch do not know it. Of a folder of images it is None: only the data knows.

    Example:
        >>> num_classes_of("imagenet", "sact"), num_classes_of("imagenet", "aig")
        (1001, 1000)
    """
    if dataset == "imagenet" and variant != "sact":
        return DATASETS[dataset].num_classes - 1
    return DATASETS[dataset].num_classes


def default_preprocessing(dataset: str, variant: str, model: str) -> str:
    """The preparation of the images for a network: that of its original.

    BlockDrop's networks see CIFAR's pixels in [0, 1]; of them only the ResNet-32 of
    CIFAR-10 sees them normalized.

    Args:
        dataset: A key of `DATASETS`.
        variant: One of `VARIANTS`.
        model: The shortest name of the model.

    Example:
        >>> default_preprocessing("cifar10", "blockdrop", "5")
        'blockdrop_r32'
        >>> default_preprocessing("cifar100", "blockdrop", "5")
        'blockdrop'
    """
    normalized = (dataset, variant, model) == ("cifar10", "blockdrop", "5")
    return "blockdrop_r32" if normalized else variant


def canonical_model_type(model_type: str) -> str:
    """Resolves aliases of a model type.

    Raises:
        ValueError: If there is no such model type.

    Example:
        >>> canonical_model_type("act_early_stopping")
        'act'
    """
    name = MODEL_TYPE_ALIASES.get(model_type, model_type)
    if name not in MODEL_TYPES:
        known = ", ".join((*MODEL_TYPES, *MODEL_TYPE_ALIASES))
        raise ValueError(
            f"model_type must be one of {known}. Received: model_type={model_type!r}"
        )
    return name


def parse_architecture(
    model: str | int | None, family: str = "cifar", variant: str = "sact"
) -> Architecture:
    """Reads what a model's name says.

    Args:
        model: CIFAR: one number of residual units for all blocks ('5') or one for
            each, joined by underscores ('1_4_6'). ImageNet: the number of layers
            ('50', '101', ...; see `DEPTHS`) or one number for each block
            ('3_4_23_3'), which are of bottlenecks unless they begin with 'basic_'
            (DynConv only). None for the family's default.
        family: The ResNet family, which fixes the number of blocks.
        variant: Which original's ResNet.

    Returns:
        The architecture; units per block, each at least 1.

    Raises:
        ValueError: If the name is not of that form.

    Example:
        >>> parse_architecture("34", "imagenet", "dynconv")
        Architecture(num_units=(3, 4, 6, 3), unit='basic')
    """
    name = DEFAULT_MODELS[family] if model is None else str(model)
    depths, num_blocks = DEPTHS.get((family, variant), {}), NUM_BLOCKS[family]
    if name in depths:
        unit = "basic" if name in BASIC_DEPTHS else "bottleneck"
        return Architecture(depths[name], unit)
    unit, counts = "bottleneck" if depths else "basic", name
    has_both = not set(BASIC_DEPTHS).isdisjoint(depths)
    if has_both and name.startswith(_BASIC_PREFIX):
        unit, counts = "basic", name.removeprefix(_BASIC_PREFIX)
    parts = counts.split("_")
    if all(part.isdecimal() and int(part) > 0 for part in parts):
        if len(parts) == 1 and not depths:
            parts = parts * num_blocks
        if len(parts) == num_blocks:
            return Architecture(tuple(int(part) for part in parts), unit)
    if depths:
        expected = f"the number of layers ({', '.join(depths)}) or of residual units"
        expected += f" in each block, {num_blocks} positive integers"
    else:
        expected = "the number of residual units in each block, as one positive "
        expected += f"integer ('5') or {num_blocks}"
    example = "_".join("3463"[:num_blocks])
    examples = f"'{example}'"
    if has_both:
        examples += f"; of basic units '{_BASIC_PREFIX}{example}'"
    raise ValueError(
        f"model must be {expected} joined by underscores ({examples}). "
        f"Received: model={name!r}"
    )


def parse_model(
    model: str | int | None, family: str = "cifar", variant: str = "sact"
) -> tuple[int, ...]:
    """The number of residual units of each block; see `parse_architecture`.

    Example:
        >>> parse_model("5")
        (5, 5, 5)
        >>> parse_model("1_4_6")
        (1, 4, 6)
        >>> parse_model("101", "imagenet")
        (3, 4, 23, 3)
    """
    return parse_architecture(model, family, variant).num_units


def name_architecture(
    architecture: Architecture, family: str = "cifar", variant: str = "sact"
) -> str:
    """The shortest name of an architecture.

    Example:
        >>> name_architecture(Architecture((1, 4, 6), "basic"))
        '1_4_6'
    """
    depths = DEPTHS.get((family, variant), {})
    for name in depths:
        if parse_architecture(name, family, variant) == architecture:
            return name
    units = [str(count) for count in architecture.num_units]
    if not depths and len(set(units)) == 1:
        return units[0]
    basic = depths and architecture.unit == "basic"
    return (_BASIC_PREFIX if basic else "") + "_".join(units)


def canonical_model(
    model: str | int | None, family: str = "cifar", variant: str = "sact"
) -> str:
    """The shortest name of a model: '5' for '5_5_5', '101' for '3_4_23_3'.

    Raises:
        ValueError: If there is no such model.

    Example:
        >>> canonical_model("1_4_6"), canonical_model("3_4_6_3", "imagenet")
        ('1_4_6', '50')
    """
    architecture = parse_architecture(model, family, variant)
    return name_architecture(architecture, family, variant)
