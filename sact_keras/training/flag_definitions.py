"""The program's flags: their names, defaults and meaning, for absl.

Nothing here imports TensorFlow or Keras.
"""

from collections.abc import Callable, Mapping
from typing import Any

from absl import flags

from sact_keras.training.flag_groups.benchmark_flags import define_benchmark
from sact_keras.training.flag_groups.distribution_flags import define_distribution
from sact_keras.training.flag_groups.evaluation_flags import (
    define_attack,
    define_evaluation,
    define_squeezing,
)
from sact_keras.training.flag_groups.flag_group import FlagGroup
from sact_keras.training.flag_groups.model_flags import define_method, define_model
from sact_keras.training.flag_groups.pruning_flags import define_pruning
from sact_keras.training.flag_groups.run_flags import define_run
from sact_keras.training.flag_groups.sweep_flags import define_sweep
from sact_keras.training.flag_groups.training_flags import define_training

Definitions = Mapping[str, Callable[[FlagGroup], None]]
"""Title of a group -> what defines its flags, in the order of `--help`."""

PROGRAM_FLAGS: Definitions = {
    "The run": define_run,
    "The model": define_model,
    "The method": define_method,
    "Training": define_training,
    "Pruning": define_pruning,
    "Devices": define_distribution,
    "Evaluation": define_evaluation,
    "The attack": define_attack,
    "Squeezing": define_squeezing,
    "The benchmark": define_benchmark,
    "The sweep": define_sweep,
}


def define_flags(
    values: flags.FlagValues, definitions: Definitions, defaults: Any
) -> dict[str, list[str]]:
    """Defines a command line's flags.

    Args:
        values: Where they are defined; the caller's own, so that flags of imported
            libraries are neither accepted nor shown.
        definitions: The groups.
        defaults: The options of which each flag has its default.

    Returns:
        Title -> names of the flags of each group, in the order of `--help`.
    """
    groups = [FlagGroup(values, title, defaults) for title in definitions]
    for group in groups:
        definitions[group.title](group)
    return {group.title: group.names for group in groups}
