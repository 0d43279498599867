"""Flags of the checkpoint whose network an exporter takes."""

from sact_keras.models import presets
from sact_keras.training.flag_groups.flag_group import FlagGroup


def define_checkpoint(group: FlagGroup) -> None:
    """Defines the flags of the checkpoint, and of what its network was trained on."""
    group.text(
        "checkpoint_dir",
        "The checkpoint: a run's directory (its latest), one checkpoint, a .weights.h5 "
        "or .keras file, or a checkpoint of an original. Unset: --train_log_dir.",
    )
    group.text(
        "train_log_dir", "The run's directory, where --checkpoint_dir is not given."
    )
    group.text(
        "policy_path",
        "blockdrop: checkpoint from which the policy network alone is taken. Unset: "
        "the same.",
    )
    group.choice(
        "dataset",
        tuple(presets.DATASETS),
        "Data set that the network was trained on. Unset: what the run or the "
        "checkpoint says.",
    )
    group.text(
        "dataset_dir",
        "Directory with the data set as TFDS or TF-Slim prepare it, or the folder of "
        "images. Unset: the run's.",
    )
    group.choice(
        "preprocessing",
        presets.PREPROCESSINGS,
        "Whose preparation of the images the network was trained with. Unset: the "
        "run's, else that of --variant.",
    )
