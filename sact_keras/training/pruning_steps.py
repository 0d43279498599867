"""At which steps a training prunes, where that was not said."""

from sact_keras.training.usage_error import UsageError

FREQUENCY = 100
"""Steps from one pruning to the next; fewer in short trainings."""


def resolve_pruning_steps(
    begin: int, end: int | None, frequency: int | None, num_steps: int
) -> tuple[int, int]:
    """Fills in when pruning ends, and how often it comes.

    The final sparsity is reached at the end alone: so that comes a whole number of
    times `frequency` after the beginning. It leaves time to mend what it has broken, at
    a learning rate that has not dropped yet: with the rates of SACT's original, which
    drop at 60%, 75% and 90%, a SACT ResNet-20 that was pruned until 75% of a short
    training lost 2.7 points of accuracy (docs/results.md).

    Args:
        begin: Step at which pruning begins; 0 and 1 both mean before the first.
        end: The last step at which masks are computed; None for the latest within the
            first half of the training.
        frequency: Steps from one pruning to the next; None for `FREQUENCY`, or a
            twentieth of the training where that is less.
        num_steps: Steps of the training.

    Returns:
        End and frequency.

    Raises:
        UsageError: If the final sparsity would not be reached.

    Example:
        >>> resolve_pruning_steps(0, None, None, num_steps=1000)
        (500, 50)
        >>> resolve_pruning_steps(500, None, None, num_steps=10000)
        (5000, 100)
    """
    if frequency is None:
        frequency = min(FREQUENCY, max(1, num_steps // 20))
    if end is None:
        end = begin + max(0, (num_steps // 2 - begin) // frequency * frequency)
    if not begin <= end <= num_steps:
        raise UsageError(
            "--prune_end_step must be from --prune_begin_step to "
            f"--max_number_of_steps. Received: --prune_end_step={end} "
            f"--prune_begin_step={begin} --max_number_of_steps={num_steps}"
        )
    if (end - begin) % frequency:
        raise UsageError(
            "--prune_end_step must come a multiple of --prune_frequency after "
            "--prune_begin_step, or the final sparsity is never reached. Received: "
            f"--prune_end_step={end} --prune_begin_step={begin} "
            f"--prune_frequency={frequency}"
        )
    return end, frequency
