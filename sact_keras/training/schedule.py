"""The learning rate schedule of SACT."""

import keras

DROPS_AT = (0.6, 0.75, 0.9)
"""Fractions of the training after which the learning rate drops tenfold."""


def learning_rate_schedule(
    learning_rate: float, num_steps: int
) -> keras.optimizers.schedules.PiecewiseConstantDecay:
    """A learning rate that drops tenfold at 60%, 75% and 90% of the training.

    The CIFAR schedule of Figurnov et al. 2017 (60k, 75k and 90k of 100k steps), scaled
    to a training of any length.

    Args:
        learning_rate: Initial value, above 0.
        num_steps: Steps of the whole training, at least 1.

    Returns:
        The schedule, to be given to an optimizer.

    Example:
        >>> schedule = learning_rate_schedule(0.1, 100_000)
        >>> [round(float(schedule(step)), 6) for step in (60_000, 60_001, 75_001)]
        [0.1, 0.01, 0.001]
    """
    if num_steps < 1:
        raise ValueError(
            f"num_steps must be at least 1. Received: num_steps={num_steps}"
        )
    return keras.optimizers.schedules.PiecewiseConstantDecay(
        [round(fraction * num_steps) for fraction in DROPS_AT],
        [learning_rate * 0.1**drops for drops in range(len(DROPS_AT) + 1)],
    )
