"""Flags of the benchmark of execution."""

from sact_keras.training.flag_groups.flag_group import FlagGroup


def define_benchmark(group: FlagGroup) -> None:
    """Defines the flags of the benchmark."""
    group.text(
        "benchmark_batch_sizes",
        "Images that benchmark runs at a time, joined by commas ('128,32,1'); sweep "
        "times at the first of them, and unset at --eval_batch_size.",
    )
    group.text(
        "force_rate",
        "Share of the decisions that benchmark makes positive, by random masks in "
        "their place; in [0, 1], several joined by commas ('0.25,0.5'). Unset: what "
        "the network decides.",
    )
    group.integer(
        "benchmark_rounds",
        "Rounds in which benchmark and sweep let each way of running the network take "
        "its turn.",
    )
