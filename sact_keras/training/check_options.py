"""Checks the options before any work."""

import math

from sact_keras.checkpoints.squeezed_suffixes import SQUEEZED_SUFFIXES
from sact_keras.models import presets
from sact_keras.training.benchmark_lists import parse_batch_sizes, parse_force_rates
from sact_keras.training.check_model_options import check_model_options, with_article
from sact_keras.training.check_pruning import check_pruning
from sact_keras.training.decay_epochs import parse_decay_epochs
from sact_keras.training.options import Options
from sact_keras.training.sweep_lists import parse_compute_budgets
from sact_keras.training.usage_error import UsageError, refuse

_TRAINING_MODES = ("train", "train_and_eval")

_MODES_OF_FLAG = {
    "distribution": _TRAINING_MODES,
    "num_replicas": _TRAINING_MODES,
    "sync_batch_norm": _TRAINING_MODES,
    "accumulate_steps": _TRAINING_MODES,
    "precision": _TRAINING_MODES,
    "worker_timeout_secs": _TRAINING_MODES,
    "prune_final_sparsity": _TRAINING_MODES,
    "attack": ("attack",),
    "epsilon": ("attack",),
    "jpeg_quality": ("attack",),
    "force_rate": ("benchmark",),
    "benchmark_batch_sizes": ("benchmark", "sweep"),
    "benchmark_rounds": ("benchmark", "sweep"),
    "compute_budgets": ("sweep",),
}
"""Flag -> the modes in which alone it has a meaning."""


def check_options(options: Options) -> None:
    """Checks that each option is in its range and that none contradicts another.

    Args:
        options: As the command line gives them, aliases of model types resolved.

    Raises:
        UsageError: In one sentence that names the flag, what it must be and what was
            received.

    Example:
        >>> check_options(Options(batch_size=128))
        >>> check_options(Options(batch_size=0))
        Traceback (most recent call last):
        sact_keras.training.usage_error.UsageError: --batch_size must be at least 1. \
Received: --batch_size=0
    """
    _check_ranges(options)
    check_model_options(options)
    check_pruning(options)
    if options.trains:
        _check_training(options)
    _check_contradictions(options)


def check_dataset_options(options: Options) -> None:
    """Checks the flags that only some data sets take; the data set must be known.

    Raises:
        UsageError: If one is given to another data set.
    """
    if options.dataset == "imagenet":
        if options.preprocessing == "blockdrop_r32":
            raise UsageError(
                "--preprocessing=blockdrop_r32 has a meaning for CIFAR's images alone. "
                "Received: --preprocessing=blockdrop_r32 with the data set imagenet"
            )
        return
    for name in ("image_size", "skip_bad_records"):
        if getattr(options, name) and options.dataset != "folder":
            raise UsageError(
                f"--{name} has a meaning for --dataset=imagenet and --dataset=folder "
                f"alone. Received: --{name}={getattr(options, name)} with the data set "
                f"{options.dataset}"
            )


def check_folder_named(options: Options) -> None:
    """Checks that images of one's own are named, which lie in no usual place.

    Raises:
        UsageError: If they are not.
    """
    if options.dataset == "folder" and options.dataset_dir is None:
        raise UsageError(
            "--dataset=folder needs --dataset_dir, the folder with the images, "
            "train/<class>/*.jpg and test/<class>/*.jpg. Received: no --dataset_dir"
        )


def _check_ranges(options: Options) -> None:
    for name in (
        "base_channels",
        "image_size",
        "batch_size",
        "eval_batch_size",
        "max_number_of_steps",
        "num_examples",
        "curriculum_steps",
        "benchmark_rounds",
        "num_replicas",
        "accumulate_steps",
    ):
        value = getattr(options, name)
        if value is not None and value < 1:
            refuse(name, "at least 1", value)
    if options.eval_interval_steps is not None and options.eval_interval_steps < 0:
        refuse("eval_interval_steps", "at least 0", options.eval_interval_steps)
    if not 0 <= options.seed < 2**32:
        refuse("seed", "from 0 to 4294967295", options.seed)
    for name in (
        "save_interval_secs",
        "save_summaries_secs",
        "weight_decay",
        "gate_learning_rate_factor",
    ):
        value = getattr(options, name)
        if value is not None and not 0 <= value < math.inf:
            refuse(name, "at least 0", value)
    if not 0 < options.epsilon <= 1:
        refuse("epsilon", "in (0, 1], a fraction of the range", options.epsilon)
    if not 1 <= options.jpeg_quality <= 100:
        refuse("jpeg_quality", "from 1 to 100", options.jpeg_quality)
    try:
        if options.decay_epochs is not None:
            parse_decay_epochs(options.decay_epochs)
        parse_batch_sizes(options.benchmark_batch_sizes)
        parse_force_rates(options.force_rate)
        parse_compute_budgets(options.compute_budgets)
    except ValueError as error:
        raise UsageError(f"--{error}") from error
    for name in ("learning_rate", "eval_interval_secs", "worker_timeout_secs"):
        value = getattr(options, name)
        if value is not None and not 0 < value < math.inf:
            refuse(name, "above 0", value)
    for name in (
        "dataset_dir",
        "train_log_dir",
        "checkpoint_dir",
        "eval_dir",
        "finetune_path",
        "policy_path",
        "squeezed_path",
    ):
        if getattr(options, name) == "":
            refuse(name, "a path", "")
    squeezed = options.squeezed_path
    if squeezed is not None and not squeezed.endswith(SQUEEZED_SUFFIXES):
        refuse("squeezed_path", f"a {' or '.join(SQUEEZED_SUFFIXES)} file", squeezed)


def _check_training(options: Options) -> None:
    """Refuses flags of the training that the model has no use for."""
    model_type = options.model_type or "vanilla"
    _check_stage(options, model_type)
    variant = options.variant or presets.DEFAULT_VARIANTS[model_type]
    if "weight_decay" in options.explicit and variant == "sact":
        raise UsageError(
            "--weight_decay has no meaning for the variant sact, whose layers have "
            f"their own. Received: --weight_decay={options.weight_decay:g}"
        )
    if "gate_learning_rate_factor" in options.explicit and model_type != "aig":
        raise UsageError(
            "--gate_learning_rate_factor has no meaning for "
            f"{with_article(model_type)} model. Received: --gate_learning_rate_factor="
            f"{options.gate_learning_rate_factor:g} --model_type={model_type}"
        )


def _check_stage(options: Options, model_type: str) -> None:
    """Refuses flags of the training that a stage has no use for."""
    stage, stages = options.stage, ", ".join(presets.STAGES)
    if model_type == "blockdrop" and stage is None:
        raise UsageError(
            f"--model_type=blockdrop is trained in stages, --stage={stages} one after "
            "another. Received: no --stage"
        )
    if stage == "pretrain" and options.finetune_path is not None:
        raise UsageError(
            "--finetune_path has no meaning in the stage pretrain, which starts "
            f"afresh. Received: --finetune_path={options.finetune_path}"
        )
    if stage not in (None, "pretrain") and "weight_decay" in options.explicit:
        raise UsageError(
            "--weight_decay has a meaning in blockdrop's stage pretrain alone. "
            f"Received: --weight_decay={options.weight_decay:g} --stage={stage}"
        )
    for name, its_stage in (
        ("policy_path", "finetune"),
        ("curriculum_steps", "curriculum"),
    ):
        if getattr(options, name) is not None and stage != its_stage:
            shown = f"--stage={stage}" if stage else f"--model_type={model_type}"
            raise UsageError(
                f"--{name} has a meaning in training with --stage={its_stage} alone. "
                f"Received: --{name}={getattr(options, name)} {shown}"
            )


def _check_contradictions(options: Options) -> None:
    if options.dataset == "shapes" and options.dataset_dir is not None:
        raise UsageError(
            "--dataset_dir has no meaning for the built-in data set shapes. Received: "
            f"--dataset=shapes --dataset_dir={options.dataset_dir}"
        )
    if options.dataset is not None:
        check_dataset_options(options)
    if options.squeezed_path is not None and options.mode != "squeeze":
        raise UsageError(
            "--squeezed_path is where --mode=squeeze writes. Received: "
            f"--mode={options.mode}"
        )
    for name, modes in _MODES_OF_FLAG.items():
        # The command line in a run's config.json gives all flags their values.
        value = getattr(options, name)
        if options.mode not in modes and value != getattr(Options(), name):
            meant = " and ".join(f"--mode={mode}" for mode in modes)
            raise UsageError(
                f"--{name} has a meaning for {meant} alone. Received: "
                f"--mode={options.mode} --{name}={value}"
            )
    if options.policy_path is not None and options.mode == "squeeze":
        raise UsageError(
            "--policy_path has no meaning for --mode=squeeze, which copies one "
            f"checkpoint as it is. Received: --policy_path={options.policy_path}"
        )
    if not options.trains:
        if options.finetune_path is not None:
            raise UsageError(
                f"--finetune_path is where training starts: --mode={options.mode} does "
                f"not take it. Received: --finetune_path={options.finetune_path}"
            )
        which = (options.checkpoint_dir, options.train_log_dir)
        if which == (None, None) and options.mode not in ("benchmark", "export"):
            raise UsageError(
                f"--mode={options.mode} needs --checkpoint_dir (or --train_log_dir) to "
                "say which checkpoint. Received: neither"
            )
        return
    check_folder_named(options)
    if options.evaluate_once and options.mode == "train":
        raise UsageError(
            "--evaluate_once has no meaning with --mode=train. Received: both"
        )
    if options.checkpoint_dir not in (None, options.train_log_dir):
        raise UsageError(
            "--checkpoint_dir says what --mode=eval evaluates; training keeps its "
            f"checkpoints in --train_log_dir. Received: --mode={options.mode} "
            f"--checkpoint_dir={options.checkpoint_dir}"
        )
