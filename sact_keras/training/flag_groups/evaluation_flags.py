"""Flags of what is done with checkpoints: evaluation, attack, squeezing."""

from sact_keras.training.flag_groups.flag_group import FlagGroup


def define_evaluation(group: FlagGroup) -> None:
    """Defines the flags of the evaluation."""
    group.text(
        "checkpoint_dir",
        "What eval, attack and sweep evaluate and squeeze copies: a run's directory, "
        "one checkpoint, a .weights.h5 or .keras file, or a checkpoint of an original. "
        "Unset: --train_log_dir.",
    )
    group.text(
        "eval_dir",
        "Directory of the results. Unset: eval in the run's directory, or in or beside "
        "--checkpoint_dir where that is part of no run.",
    )
    group.integer(
        "eval_batch_size",
        "Images of an evaluation step. Unset: 100, for imagenet 32.",
    )
    group.choice(
        "split_name",
        ("train", "test", "validation"),
        "Split that is evaluated. Unset: test, for imagenet, and a folder without "
        "test, validation.",
    )
    group.integer("num_examples", "Evaluate only the first so many images. Unset: all.")
    group.switch("evaluate_once", "Evaluate the latest checkpoint and end.")
    group.number("eval_interval_secs", "Seconds between looks for a new checkpoint.")


def define_attack(group: FlagGroup) -> None:
    """Defines the flags of the attack."""
    group.choice(
        "attack",
        ("fgsm",),
        "What attack does: the fast gradient sign method changes each pixel by epsilon "
        "in the direction that raises the loss.",
    )
    group.number(
        "epsilon", "Size of the change, in fractions of the pixels' range; in (0, 1]."
    )
    group.integer(
        "jpeg_quality",
        "Quality, 1 to 100, of the JPEG compression by which attack undoes part of the "
        "change.",
    )


def define_squeezing(group: FlagGroup) -> None:
    """Defines the flags of squeezing."""
    group.text(
        "squeezed_path",
        "The .weights.h5 or .keras file that squeeze writes. Unset: "
        "squeezed.weights.h5 in the run's directory, or in or beside --checkpoint_dir "
        "where that is part of no run.",
    )
