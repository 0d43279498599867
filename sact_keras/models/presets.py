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
}

NUM_BLOCKS = {"cifar": 3}
"""Blocks of each ResNet family."""


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


def parse_model(model: str | int, family: str = "cifar") -> tuple[int, ...]:
    """Reads the number of residual units of each block from a model's name.

    Args:
        model: One number for all blocks ('5') or one for each, joined by
            underscores ('1_4_6').
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
    """
    num_blocks = NUM_BLOCKS[family]
    parts = str(model).split("_")
    if all(part.isdecimal() and int(part) > 0 for part in parts):
        if len(parts) == 1:
            parts = parts * num_blocks
        if len(parts) == num_blocks:
            return tuple(int(part) for part in parts)
    raise ValueError(
        "model must be the number of residual units in each block, as one positive "
        f"integer ('5') or {num_blocks} joined by underscores "
        f"('{'_'.join('3463'[:num_blocks])}'). Received: model={str(model)!r}"
    )
