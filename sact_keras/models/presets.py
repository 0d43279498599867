"""Names of models as tables: model types, depths, data sets.

Nothing here imports Keras: the driver reads these tables to check its flags before
any work begins.
"""

import dataclasses

METHOD_ARGUMENTS: dict[str, dict[str, float]] = {
    "vanilla": {},
    "act": {"tau": 0.01, "eps": 0.01},
    "sact": {"tau": 0.01, "eps": 0.01},
}
"""Model type -> the arguments that its method takes, with their defaults."""

MODEL_TYPES = tuple(METHOD_ARGUMENTS)
"""Every model type that `build_model` knows."""

MODEL_TYPE_ALIASES = {"act_early_stopping": "act"}
"""Names of the original that mean a model type of ours."""


@dataclasses.dataclass(frozen=True)
class DatasetPreset:
    """What a data set fixes about the model that is trained on it.

    Attributes:
        family: The ResNet family.
        image_size: (height, width) in pixels.
        num_classes: Number of classes.
    """

    family: str
    image_size: tuple[int, int]
    num_classes: int


DATASETS = {
    "cifar10": DatasetPreset("cifar", (32, 32), 10),
    "cifar100": DatasetPreset("cifar", (32, 32), 100),
    "shapes": DatasetPreset("cifar", (32, 32), 10),
    # Class 0 is the background, as in the originals' checkpoints.
    "imagenet": DatasetPreset("imagenet", (224, 224), 1001),
}

NUM_BLOCKS = {"cifar": 3, "imagenet": 4}
"""Blocks of each ResNet family."""

BASE_CHANNELS = {"cifar": 16, "imagenet": 64}
"""The base of the widths of each ResNet family, unless asked otherwise."""

DEFAULT_MODELS = {"cifar": "5", "imagenet": "101"}
"""The model of each ResNet family where none is named."""

DEPTHS = {
    "imagenet": {
        "50": (3, 4, 6, 3),
        "101": (3, 4, 23, 3),
        "152": (3, 8, 36, 3),
        "200": (3, 24, 36, 3),
    },
}
"""Family -> the models that are named by their number of layers (He et al. 2016)."""


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


def parse_model(model: str | int | None, family: str = "cifar") -> tuple[int, ...]:
    """Reads the number of residual units of each block from a model's name.

    Args:
        model: CIFAR: one number for all blocks ('5') or one for each, joined by
            underscores ('1_4_6'). ImageNet: the number of layers ('50', '101', '152',
            '200') or one number for each block ('3_4_23_3'). None for the family's
            default.
        family: The ResNet family, which fixes the number of blocks.

    Returns:
        Units per block, each at least 1.

    Raises:
        ValueError: If the name is not of that form.

    Example:
        >>> parse_model("5")
        (5, 5, 5)
        >>> parse_model("1_4_6")
        (1, 4, 6)
        >>> parse_model("101", "imagenet")
        (3, 4, 23, 3)
    """
    name = DEFAULT_MODELS[family] if model is None else str(model)
    depths, num_blocks = DEPTHS.get(family, {}), NUM_BLOCKS[family]
    if name in depths:
        return depths[name]
    parts = name.split("_")
    if all(part.isdecimal() and int(part) > 0 for part in parts):
        if len(parts) == 1 and not depths:
            parts = parts * num_blocks
        if len(parts) == num_blocks:
            return tuple(int(part) for part in parts)
    if depths:
        expected = f"the number of layers ({', '.join(depths)}) or of residual units"
        expected += f" in each block, {num_blocks} positive integers"
    else:
        expected = "the number of residual units in each block, as one positive "
        expected += f"integer ('5') or {num_blocks}"
    raise ValueError(
        f"model must be {expected} joined by underscores "
        f"('{'_'.join('3463'[:num_blocks])}'). Received: model={name!r}"
    )


def canonical_model(model: str | int | None, family: str = "cifar") -> str:
    """The shortest name of a model: '5' for '5_5_5', '101' for '3_4_23_3'.

    Raises:
        ValueError: If there is no such model.

    Example:
        >>> canonical_model("1_4_6"), canonical_model("3_4_6_3", "imagenet")
        ('1_4_6', '50')
    """
    num_units = parse_model(model, family)
    for name, depth in DEPTHS.get(family, {}).items():
        if depth == num_units:
            return name
    units = [str(count) for count in num_units]
    if family not in DEPTHS and len(set(units)) == 1:
        return units[0]
    return "_".join(units)
