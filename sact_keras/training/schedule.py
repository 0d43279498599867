"""The learning rate schedules of the originals."""

import math
from collections.abc import Sequence

import keras

from sact_keras.training.recipes import Recipe

DROPS_AT = (0.6, 0.75, 0.9)
"""Fractions of SACT's training on CIFAR after which the learning rate drops."""


def learning_rate_schedule(
    recipe: Recipe,
    learning_rate: float,
    num_steps: int,
    steps_per_epoch: float,
    decay_epochs: Sequence[int] | None = None,
) -> keras.optimizers.schedules.LearningRateSchedule | float:
    """The schedule of a recipe: tenfold drops.

    Figurnov et al. 2017: on CIFAR at 60%, 75% and 90% of the training (60k, 75k and
    90k of 100k steps), on ImageNet every 30 epochs. Wu et al. 2018: policies learn at a
    constant rate. Veit & Belongie 2018, and Verelst
    & Tuytelaars 2020: on CIFAR after 150 and 250 of 350 epochs, on ImageNet every 30.
    What is a part of the training scales with its length; epochs do not.

    Args:
        recipe: Says which.
        learning_rate: Initial value, above 0.
        num_steps: Steps of the whole training, at least 1.
        steps_per_epoch: Training examples over the batch size, above 0.
        decay_epochs: Drops after these epochs, whatever the recipe says.

    Returns:
        The schedule, to be given to an optimizer, or the rate if it is constant. The
        first step always has the initial value.

    Raises:
        ValueError: If `num_steps` is less than 1.

    Example:
        >>> schedule = learning_rate_schedule(Recipe(), 0.1, 100_000, 390.6)
        >>> [round(float(schedule(step)), 6) for step in (60_000, 60_001, 75_001)]
        [0.1, 0.01, 0.001]
        >>> schedule = learning_rate_schedule(Recipe(epochs_per_drop=30), 0.05, 99, 1.5)
        >>> [round(float(schedule(step)), 6) for step in (44, 45, 90)]
        [0.05, 0.005, 0.0005]
        >>> schedule = learning_rate_schedule(Recipe(), 0.1, 99, 10.0, (5, 7))
        >>> [round(float(schedule(step)), 6) for step in (49, 50, 70)]
        [0.1, 0.01, 0.001]
    """
    if num_steps < 1:
        raise ValueError(
            f"num_steps must be at least 1. Received: num_steps={num_steps}"
        )
    if decay_epochs is not None:
        # The first step that lies in the epoch whole.
        drops = [math.ceil(epoch * steps_per_epoch) for epoch in decay_epochs]
        return _drop_from(drops, learning_rate)
    if recipe.optimizer == "adam":
        return learning_rate
    if recipe.epochs_per_drop is not None:
        return keras.optimizers.schedules.ExponentialDecay(
            learning_rate,
            decay_steps=max(1, int(steps_per_epoch * recipe.epochs_per_drop)),
            decay_rate=0.1,
            staircase=True,
        )
    if recipe.decay_epochs is not None:
        parts = [epoch / recipe.num_epochs for epoch in recipe.decay_epochs]
        return _drop_from([round(part * num_steps) for part in parts], learning_rate)
    # As TensorFlow 1 counts: the step at the fraction itself is still before the drop.
    drops = [round(fraction * num_steps) + 1 for fraction in DROPS_AT]
    return _drop_from(drops, learning_rate)


def _drop_from(
    steps: Sequence[int], learning_rate: float
) -> keras.optimizers.schedules.LearningRateSchedule:
    """Each of `steps`, counted from 0, is the first with a tenth of the rate."""
    # Keras wants the last step before each.
    return keras.optimizers.schedules.PiecewiseConstantDecay(
        [max(step, 1) - 1 for step in steps],
        [learning_rate * 0.1**drops for drops in range(len(steps) + 1)],
    )
