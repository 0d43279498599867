"""How the original trains and evaluates on each data set, as a table."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What a data set fixes about training and evaluation.

    Attributes:
        max_number_of_steps: Steps of training, unless the flag says otherwise.
        batch_size: Images of a step, unless the flag says otherwise.
        learning_rate: Initial learning rate, unless the flag says otherwise.
        epochs_per_drop: The learning rate drops tenfold every so many epochs; None: at
            60%, 75% and 90% of the steps.
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
"""Data set -> its recipe."""
