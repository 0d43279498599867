"""The pruning that options ask for."""

import keras

from sact_keras.compression.prune_low_magnitude import PruneLowMagnitude
from sact_keras.compression.toolkit import import_toolkit
from sact_keras.training.options import Options
from sact_keras.training.usage_error import UsageError


def make_pruning(options: Options, model: keras.Model) -> PruneLowMagnitude | None:
    """Makes the callback that prunes a model; None where none is asked for.

    The sparsity grows from 0 to the final one by a polynomial of degree 3. Where
    pruning ends at the step at which it begins, it happens once.

    Args:
        options: Resolved options of a training.
        model: What is trained, built.

    Raises:
        UsageError: If the model has nothing to prune, or Keras another backend.
        MissingExtraError: If tensorflow-model-optimization is not installed.
    """
    if options.prune_final_sparsity is None:
        return None
    schedules = import_toolkit().sparsity.keras
    final, begin = options.prune_final_sparsity, options.prune_begin_step
    if options.prune_end_step in (None, begin):
        # A step before the first is never made.
        begin = max(begin, 1)
        schedule = schedules.ConstantSparsity(final, begin, begin)
    else:
        schedule = schedules.PolynomialDecay(
            initial_sparsity=0.0,
            final_sparsity=final,
            begin_step=begin,
            end_step=options.prune_end_step,
            frequency=options.prune_frequency,
        )
    pruning = PruneLowMagnitude(schedule, options.prune_block, options.also_pruned)
    try:
        pruning.set_model(model)
    except (ValueError, RuntimeError) as error:
        raise UsageError(f"--prune_final_sparsity: {error}") from error
    return pruning
