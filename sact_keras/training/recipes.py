"""How the originals train and evaluate on each data set, as a table."""

import dataclasses
import math


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


def _num_steps(num_epochs: int, num_images: int, batch_size: int) -> int:
    return math.ceil(num_epochs * num_images / batch_size)


_GATED_CIFAR = Recipe(
    max_number_of_steps=_num_steps(350, 50_000, 256),
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


def _gated_imagenet(batch_size: int, learning_rate: float) -> Recipe:
    return dataclasses.replace(
        RECIPES["imagenet"],
        max_number_of_steps=_num_steps(100, 1_281_167, batch_size),
        batch_size=batch_size,
        learning_rate=learning_rate,
        weight_decay=1e-4,
        label_smoothing=0.0,
        eval_interval_steps=_num_steps(1, 1_281_167, batch_size),
    )


_OF_OTHERS = {
    "aig": {
        "cifar10": _GATED_CIFAR,
        "cifar100": _GATED_CIFAR,
        "shapes": _GATED_SHAPES,
        "imagenet": _gated_imagenet(batch_size=256, learning_rate=0.1),
    },
    "dynconv": {
        "cifar10": _GATED_CIFAR,
        "cifar100": _GATED_CIFAR,
        "shapes": _GATED_SHAPES,
        "imagenet": _gated_imagenet(batch_size=64, learning_rate=0.025),
    },
}
"""Variant -> data set -> the recipe of that original."""


def find_recipe(dataset: str, variant: str = "sact") -> Recipe:
    """The recipe of the original whose ResNet is trained.

    Args:
        dataset: A key of `presets.DATASETS`.
        variant: One of `presets.VARIANTS`.

    Example:
        >>> recipe = find_recipe("cifar10", "aig")
        >>> recipe.max_number_of_steps, recipe.batch_size, recipe.weight_decay
        (68360, 256, 0.0005)
    """
    return {"sact": RECIPES, **_OF_OTHERS}[variant][dataset]
