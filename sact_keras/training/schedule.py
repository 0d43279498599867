"""The learning rate schedules of SACT."""

import keras

from sact_keras.training.recipes import Recipe

DROPS_AT = (0.6, 0.75, 0.9)
"""Fractions of the training after which the learning rate drops tenfold."""


def learning_rate_schedule(
    recipe: Recipe, learning_rate: float, num_steps: int, steps_per_epoch: float
) -> keras.optimizers.schedules.LearningRateSchedule:
    """The schedule of a recipe.

    Figurnov et al. 2017: on CIFAR a tenfold drop at 60%, 75% and 90% of the training
    (60k, 75k and 90k of 100k steps), scaled to a training of any length; on ImageNet a
    tenfold drop every 30 epochs.

    Args:
        recipe: Says which.
        learning_rate: Initial value, above 0.
        num_steps: Steps of the whole training, at least 1.
        steps_per_epoch: Training examples over the batch size, above 0.

    Returns:
        The schedule, to be given to an optimizer.

    Raises:
        ValueError: If `num_steps` is less than 1.

    Example:
        >>> schedule = learning_rate_schedule(Recipe(), 0.1, 100_000, 390.6)
        >>> [round(float(schedule(step)), 6) for step in (60_000, 60_001, 75_001)]
        [0.1, 0.01, 0.001]
        >>> schedule = learning_rate_schedule(Recipe(epochs_per_drop=30), 0.05, 99, 1.5)
        >>> [round(float(schedule(step)), 6) for step in (44, 45, 90)]
        [0.05, 0.005, 0.0005]
    """
    if num_steps < 1:
        raise ValueError(
            f"num_steps must be at least 1. Received: num_steps={num_steps}"
        )
    if recipe.epochs_per_drop is not None:
        return keras.optimizers.schedules.ExponentialDecay(
            learning_rate,
            decay_steps=max(1, int(steps_per_epoch * recipe.epochs_per_drop)),
            decay_rate=0.1,
            staircase=True,
        )
    return keras.optimizers.schedules.PiecewiseConstantDecay(
        [round(fraction * num_steps) for fraction in DROPS_AT],
        [learning_rate * 0.1**drops for drops in range(len(DROPS_AT) + 1)],
    )
