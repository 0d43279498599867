"""Flags of the devices that a training runs on."""

from sact_keras.training.flag_groups.flag_group import FlagGroup

DISTRIBUTIONS = ("auto", "single", "mirrored", "multi_worker")
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")


def define_distribution(group: FlagGroup) -> None:
    """Defines the flags of the devices, and of how a batch is divided among them."""
    group.choice(
        "distribution",
        DISTRIBUTIONS,
        "Devices that train together. auto: all GPUs of this machine. single: one "
        "device. mirrored: several of this machine. multi_worker: those of all "
        "processes that the environment variable TF_CONFIG names (docs/scaling.md). "
        "Batch size, learning rate and steps mean the same with each.",
    )
    group.integer(
        "num_replicas",
        "Devices of this machine to train on: GPUs, or, on a machine without, parts of "
        "the CPU. Unset: all GPUs, or the CPU as one.",
    )
    group.switch(
        "sync_batch_norm",
        "Let batch norms see a step's whole batch rather than each device its part.",
    )
    group.integer(
        "accumulate_steps",
        "Micro batches that a batch is divided into, one after the other, where it "
        "does not fit into memory. Batch norms, and the losses of aig and dynconv, see "
        "one at a time.",
    )
    group.choice(
        "precision",
        PRECISIONS,
        "Type of the arithmetic in training; weights, losses and decisions are float32 "
        "in any case.",
    )
    group.number(
        "worker_timeout_secs",
        "multi_worker: seconds that the processes wait for each other at the start.",
    )
