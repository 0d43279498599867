"""How the originals train and evaluate on each data set, as a table."""

import dataclasses
import math
from typing import Any


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What a data set and an original fix about training and evaluation.

    Attributes:
        max_number_of_steps: Steps of training, unless the flag says otherwise.
        batch_size: Images of a step, unless the flag says otherwise.
        learning_rate: Initial learning rate, unless the flag says otherwise.
        epochs_per_drop: The learning rate drops tenfold every so many epochs; None: as
            `decay_epochs` says.
        decay_epochs: It drops tenfold after these of `num_epochs` epochs, and in a
            training of another length after the same parts of it; None: at 60%, 75%
            and 90% of the steps.
        num_epochs: Epochs of the original's training.
        optimizer: "sgd", with momentum, or "adam", at a constant learning rate.
        weight_decay: Of all weights, by the optimizer (`MomentumSGD`), unless the flag
            says otherwise. None: of the kernels, by the layers themselves.
        label_smoothing: Weight of each label that is spread over all classes, in
            training only.
        eval_batch_size: Images of an evaluation step, unless the flag says otherwise.
        eval_interval_steps: Steps between the evaluations that choose the best
            checkpoint, unless the flag says otherwise or the run is short.
        split_name: The split that is evaluated, unless the flag says otherwise.
        recall_at: How many of the likeliest classes count as a find in the recall that
            is reported beside the accuracy; None for no recall.
        heatmap_border: Pixels between an image and its ponder map in TensorBoard.
    """

    max_number_of_steps: int = 100_000
    batch_size: int = 128
    learning_rate: float = 0.1
    epochs_per_drop: float | None = None
    decay_epochs: tuple[int, ...] | None = None
    num_epochs: int | None = None
    optimizer: str = "sgd"
    weight_decay: float | None = None
    label_smoothing: float = 0.0
    eval_batch_size: int = 100
    eval_interval_steps: int = 1000
    split_name: str = "test"
    recall_at: int | None = None
    heatmap_border: int = 5


RECIPES = {
    "cifar10": Recipe(),
    "cifar100": Recipe(),
    # About five minutes on two cores. Small batches make the steps that halting needs
    # to settle.
    "shapes": Recipe(max_number_of_steps=2_500, batch_size=32),
    # 320,000 images, four times as many as of the shapes: 100 epochs of 3,200.
    "folder": Recipe(max_number_of_steps=10_000, batch_size=32),
    # 90 epochs of 1,281,167 images; evaluated about once an epoch.
    "imagenet": Recipe(
        max_number_of_steps=3_603_283,
        batch_size=32,
        learning_rate=0.05,
        epochs_per_drop=30,
        label_smoothing=0.1,
        eval_batch_size=32,
        eval_interval_steps=40_000,
        split_name="validation",
        recall_at=5,
        heatmap_border=10,
    ),
}
"""Data set -> the recipe of SACT."""


_CIFAR_IMAGES, _IMAGENET_IMAGES = 50_000, 1_281_167


def _num_steps(num_epochs: int, num_images: int, batch_size: int) -> int:
    return math.ceil(num_epochs * num_images / batch_size)


_GATED_CIFAR = Recipe(
    max_number_of_steps=_num_steps(350, _CIFAR_IMAGES, 256),
    batch_size=256,
    decay_epochs=(150, 250),
    num_epochs=350,
    weight_decay=5e-4,
)
"""ConvNet-AIG and DynConv train alike on CIFAR."""

_GATED_SHAPES = dataclasses.replace(
    _GATED_CIFAR,
    max_number_of_steps=RECIPES["shapes"].max_number_of_steps,
    batch_size=RECIPES["shapes"].batch_size,
    # An eighth of the batch: at 0.1 a third of the training passes before it learns.
    learning_rate=0.02,
)

_GATED_FOLDER = dataclasses.replace(
    _GATED_SHAPES, max_number_of_steps=RECIPES["folder"].max_number_of_steps
)


def _gated_imagenet(batch_size: int, learning_rate: float) -> Recipe:
    return dataclasses.replace(
        RECIPES["imagenet"],
        max_number_of_steps=_num_steps(100, _IMAGENET_IMAGES, batch_size),
        batch_size=batch_size,
        learning_rate=learning_rate,
        weight_decay=1e-4,
        label_smoothing=0.0,
        eval_interval_steps=_num_steps(1, _IMAGENET_IMAGES, batch_size),
    )


def _by_rewards(
    num_epochs: int, num_images: int, batch_size: int, **more: Any
) -> dict[str, Any]:
    return {
        "max_number_of_steps": _num_steps(num_epochs, num_images, batch_size),
        "batch_size": batch_size,
        "optimizer": "adam",
        "weight_decay": None,
        **more,
    }


_BLOCKDROP_CIFAR = {
    # He et al. 2016: 64,000 steps, which are 164 epochs.
    "pretrain": dataclasses.replace(
        _GATED_CIFAR,
        max_number_of_steps=_num_steps(164, _CIFAR_IMAGES, 128),
        batch_size=128,
        decay_epochs=(82, 123),
        num_epochs=164,
        weight_decay=1e-4,
    ),
    "curriculum": Recipe(**_by_rewards(5000, _CIFAR_IMAGES, 2048, learning_rate=1e-3)),
    "finetune": Recipe(**_by_rewards(2000, _CIFAR_IMAGES, 256, learning_rate=1e-4)),
}


def _blockdrop_short(gated: Recipe) -> dict[str, Recipe]:
    """BlockDrop's stages, as long as another network's training."""
    return {
        stage: dataclasses.replace(
            recipe,
            max_number_of_steps=gated.max_number_of_steps,
            batch_size=gated.batch_size,
            learning_rate=min(recipe.learning_rate, gated.learning_rate),
        )
        for stage, recipe in _BLOCKDROP_CIFAR.items()
    }


_BLOCKDROP_IMAGENET = {
    "pretrain": dataclasses.replace(
        _gated_imagenet(batch_size=256, learning_rate=0.1),
        max_number_of_steps=_num_steps(90, _IMAGENET_IMAGES, 256),
    ),
    "curriculum": dataclasses.replace(
        _gated_imagenet(batch_size=2048, learning_rate=1e-3),
        **_by_rewards(45, _IMAGENET_IMAGES, 2048),
    ),
    "finetune": dataclasses.replace(
        _gated_imagenet(batch_size=320, learning_rate=1e-4),
        **_by_rewards(10, _IMAGENET_IMAGES, 320),
    ),
}


_BLOCKDROP = {
    "cifar10": _BLOCKDROP_CIFAR,
    "cifar100": _BLOCKDROP_CIFAR,
    "shapes": _blockdrop_short(_GATED_SHAPES),
    "folder": _blockdrop_short(_GATED_FOLDER),
    "imagenet": _BLOCKDROP_IMAGENET,
}
"""Data set -> stage -> the recipe of BlockDrop."""

_OF_OTHERS = {
    "aig": {
        "cifar10": _GATED_CIFAR,
        "cifar100": _GATED_CIFAR,
        "shapes": _GATED_SHAPES,
        "folder": _GATED_FOLDER,
        "imagenet": _gated_imagenet(batch_size=256, learning_rate=0.1),
    },
    "dynconv": {
        "cifar10": _GATED_CIFAR,
        "cifar100": _GATED_CIFAR,
        "shapes": _GATED_SHAPES,
        "folder": _GATED_FOLDER,
        "imagenet": _gated_imagenet(batch_size=64, learning_rate=0.025),
    },
}
"""Variant -> data set -> the recipe of that original."""


def find_recipe(
    dataset: str, variant: str = "sact", stage: str | None = None
) -> Recipe:
    """The recipe of the original whose ResNet is trained.

    Args:
        dataset: A key of `presets.DATASETS`.
        variant: One of `presets.VARIANTS`.
        stage: Of the variant "blockdrop", one of `presets.STAGES`; None for the first,
            the training of the network without a policy.

    Example:
        >>> recipe = find_recipe("cifar10", "aig")
        >>> recipe.max_number_of_steps, recipe.batch_size, recipe.weight_decay
        (68360, 256, 0.0005)
    """
    if variant == "blockdrop":
        return _BLOCKDROP[dataset][stage or "pretrain"]
    return {"sact": RECIPES, **_OF_OTHERS}[variant][dataset]
