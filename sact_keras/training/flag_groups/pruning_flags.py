"""Flags of the pruning in training."""

from sact_keras.compression.pruning_choices import PRUNE_ALSO, PRUNE_BLOCKS
from sact_keras.training.flag_groups.flag_group import FlagGroup


def define_pruning(group: FlagGroup) -> None:
    """Defines the flags of the pruning."""
    group.number(
        "prune_final_sparsity",
        "Share of the weights of convolutions, in (0, 1), that are zero in the end: "
        "those of smallest magnitude, ever more of them. Unset: no pruning. It needs "
        "the extra [optimization]; --finetune_path then is a trained network of the "
        "same kind, all of which is taken.",
    )
    group.integer("prune_begin_step", "Step at which pruning begins, at sparsity 0.")
    group.integer(
        "prune_end_step",
        "Step at which the final sparsity is reached; from then on the masks stay. "
        "Unset: at the end of the first half of the training, or just before.",
    )
    group.integer(
        "prune_frequency",
        "Steps from one computation of the masks to the next. Unset: 100, or a "
        "twentieth of the training.",
    )
    group.choice(
        "prune_block",
        PRUNE_BLOCKS,
        "What goes as one. 1x1: a weight; 1x4: four weights of neighbouring output "
        "channels; 2:4: the smaller two of each four weights of neighbouring input "
        "channels, once, at the beginning, which makes a sparsity of 0.5.",
    )
    group.text(
        "prune_also",
        f"What is otherwise left alone, joined by commas: {', '.join(PRUNE_ALSO)}.",
    )
