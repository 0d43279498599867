"""Flags that make a documented command a matter of seconds."""

from collections.abc import Mapping, Sequence

from sact_keras.models.target_rates import TARGET_RATE_SCHEDULES
from sact_keras.training.flags import parse_options
from sact_keras.training.options import Options

# Depths of CIFAR's networks that take long to trace. None stands for "5".
_DEEP_CIFAR = (None, "5", "18")

BENCHMARKS = {
    "evaluation_batches": ["--image_sizes=32", "--batch_sizes=2", "--num_images=4"],
    "evaluation_memory": ["--batch_size=2", "--num_batches=1", "--image_size=32"],
    "imagenet_pipeline": [
        *("--batch_size=4", "--image_size=32", "--rounds=1", "--num_images=8"),
    ],
    "input_pipeline": ["--batch_size=4", "--steps=2", "--runs=1"],
    "kernels": [],
    "replica_speed": ["--batch_size=4", "--model=1", "--steps=1", "--rounds=1"],
    "results_speed": ["--rounds=1"],
    "results_table": [],
    "scaling": ["--networks=cifar10:1", "--model_types=vanilla"],
    "serving_load": ["--requests=16", "--threads=2", "--memory_slope=1000000"],
    "serving_speed": ["--cases=aig", "--batch_sizes=1", "--rounds=1", "--loads=1"],
    "training_speed": [
        *("--batch_size=4", "--model=1", "--steps=1", "--rounds=1", "--pytorch=none"),
        "--model_types=vanilla",
    ],
}
"""Benchmark -> what is appended to it."""


def main_flags(words: Sequence[str], imagenet: str) -> list[str]:
    """What is appended to a command of main.py.

    Args:
        words: The command, without "python".
        imagenet: The directory of a tiny ImageNet.
    """
    options = parse_options(words)
    flags = []
    if options.dataset_dir in ("...", "/data/imagenet", "records") or (
        options.dataset == "imagenet" and options.dataset_dir is None
    ):
        flags.append(f"--dataset_dir={imagenet}")
    flags += _network_flags(options)
    if options.mode != "squeeze" and not _is_benchmark_of_random_images(options):
        flags += ["--num_examples=4"]
    by_mode: Mapping[str, list[str]] = {
        "eval": ["--eval_batch_size=4"],
        "attack": ["--eval_batch_size=2"],
        "sweep": [
            *("--eval_batch_size=2", "--benchmark_rounds=1", "--compute_budgets=1"),
        ],
        "benchmark": [
            *("--benchmark_batch_sizes=1", "--benchmark_rounds=1"),
            "--force_rate=0.5",
        ],
        "squeeze": [],
    }
    return flags + by_mode.get(options.mode, _training_flags(options))


def exporter_flags(program: str, words: Sequence[str]) -> list[str]:
    """What is appended to an exporter's command."""
    if program == "export.tflite":
        return ["--calibration_examples=4", "--num_examples=4"]
    maps_a_split = any("--num_examples" in word for word in words)
    if program == "export.pretrained" or maps_a_split:
        return ["--num_examples=4"]
    return []


def _network_flags(options: Options) -> list[str]:
    """A small network, unless a checkpoint says which."""
    if not options.trains and options.model_type is None:
        return []
    if options.dataset == "imagenet":
        flags = ["--base_channels=4", "--image_size=32"]
        if options.target_rates not in TARGET_RATE_SCHEDULES:
            basic = options.model in ("18", "34")
            flags.append(f"--model={'basic_' if basic else ''}1_2_1_1")
        return flags
    return ["--model=2"] if options.model in _DEEP_CIFAR else []


def _training_flags(options: Options) -> list[str]:
    flags = ["--batch_size=4", "--max_number_of_steps=2", "--eval_batch_size=4"]
    if options.prune_final_sparsity is not None:
        flags += ["--prune_end_step=1", "--prune_frequency=1"]
    return flags


def _is_benchmark_of_random_images(options: Options) -> bool:
    named = {"dataset_dir", "split_name", "num_examples"} & options.explicit
    return options.mode == "benchmark" and not named
