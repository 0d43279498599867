"""Flags of what to do, and with which data."""

from sact_keras.models import presets
from sact_keras.training.flag_groups.flag_group import FlagGroup


def define_run(group: FlagGroup) -> None:
    """Defines the flags of the run as a whole."""
    group.choice(
        "mode",
        ("train", "eval", "train_and_eval", "squeeze", "attack", "benchmark", "sweep"),
        "What to do. eval keeps watching --checkpoint_dir for new checkpoints until "
        "the training's last step, unless --evaluate_once. squeeze writes a copy of a "
        "checkpoint without the optimizer's state. attack evaluates a checkpoint on "
        "adversarial images. benchmark measures how much faster a network runs that "
        "computes only what it decides to. sweep evaluates one checkpoint under many "
        "compute budgets: accuracy, FLOPs and milliseconds.",
    )
    group.choice(
        "dataset",
        tuple(presets.DATASETS),
        "Data set; folder is images of one's own in --dataset_dir. Unset: of a run or "
        "checkpoint that knows it, its own; else CIFAR-10 if it is at hand or can be "
        "downloaded, otherwise the built-in shapes.",
    )
    group.text(
        "dataset_dir",
        "Directory with the data set as TFDS or TF-Slim prepare it; for folder with "
        "train/<class>/*.jpg or *.png, and test or validation likewise. Unset: "
        "$TFDS_DATA_DIR, ~/tensorflow_datasets, ~/tensorflow/data/<dataset>.",
    )
    group.choice(
        "preprocessing",
        presets.PREPROCESSINGS,
        "Whose preparation of the images: sact standardizes each (CIFAR) or scales to "
        "[-1, 1] (ImageNet), aig, dynconv and blockdrop_r32 normalize by the data "
        "set's channels, blockdrop scales CIFAR to [0, 1] and normalizes ImageNet. "
        "Unset: that of --variant; blockdrop_r32 for its ResNet-32 on CIFAR-10.",
    )
    group.integer(
        "image_size",
        "ImageNet and folder: side in pixels of the images that the network sees. "
        "Unset: 224, for folder 32.",
    )
    group.switch(
        "skip_bad_records",
        "ImageNet and folder: leave out records and files that cannot be used, count "
        "and report them, rather than stop at the first.",
    )
    group.integer(
        "seed", "Seed of the initial weights, the order and the augmentation."
    )
    group.choice(
        "jit_compile",
        ("auto", "true", "false"),
        "Whether XLA compiles the training step and the evaluation. auto: what is "
        "faster on this machine's device.",
    )
