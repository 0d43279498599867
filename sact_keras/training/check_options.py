"""Checks the options before any work."""

import math

from sact_keras.checkpoints.squeezed_suffixes import SQUEEZED_SUFFIXES
from sact_keras.models import presets
from sact_keras.training.options import Options
from sact_keras.training.usage_error import UsageError


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
    _check_contradictions(options)


def check_dataset_options(options: Options) -> None:
    """Checks the flags that only some data sets take; the data set must be known.

    Raises:
        UsageError: If one is given to another data set.
    """
    if options.dataset == "imagenet":
        return
    for name in ("image_size", "skip_bad_records"):
        if getattr(options, name):
            raise UsageError(
                f"--{name} has a meaning for --dataset=imagenet alone. Received: "
                f"--{name}={getattr(options, name)} with the data set "
                f"{options.dataset}"
            )


def _refuse(flag: str, requirement: str, value: object) -> None:
    if isinstance(value, float):
        value = f"{value:g}"
    raise UsageError(f"--{flag} must be {requirement}. Received: --{flag}={value}")


def _check_ranges(options: Options) -> None:
    if options.model is not None:
        _check_model(options.model, options.dataset)
    for name in (
        "base_channels",
        "image_size",
        "batch_size",
        "eval_batch_size",
        "max_number_of_steps",
        "num_examples",
    ):
        value = getattr(options, name)
        if value is not None and value < 1:
            _refuse(name, "at least 1", value)
    if options.eval_interval_steps is not None and options.eval_interval_steps < 0:
        _refuse("eval_interval_steps", "at least 0", options.eval_interval_steps)
    if not 0 <= options.seed < 2**32:
        _refuse("seed", "from 0 to 4294967295", options.seed)
    for name in ("tau", "save_interval_secs", "save_summaries_secs"):
        value = getattr(options, name)
        if value is not None and not 0 <= value < math.inf:
            _refuse(name, "at least 0", value)
    if options.eps is not None and not 0 < options.eps < 1:
        _refuse("eps", "between 0 and 1, both excluded", options.eps)
    for name in ("learning_rate", "eval_interval_secs"):
        value = getattr(options, name)
        if value is not None and not 0 < value < math.inf:
            _refuse(name, "above 0", value)
    for name in (
        "dataset_dir",
        "train_log_dir",
        "checkpoint_dir",
        "eval_dir",
        "finetune_path",
        "squeezed_path",
    ):
        if getattr(options, name) == "":
            _refuse(name, "a path", "")
    squeezed = options.squeezed_path
    if squeezed is not None and not squeezed.endswith(SQUEEZED_SUFFIXES):
        _refuse("squeezed_path", f"a {' or '.join(SQUEEZED_SUFFIXES)} file", squeezed)


def _check_model(model: str, dataset: str | None) -> None:
    """Refuses what no data set has, or not the one that is named."""
    families = [
        p.family for name, p in presets.DATASETS.items() if dataset in (None, name)
    ]
    errors = []
    for family in dict.fromkeys(families):
        try:
            presets.parse_model(model, family)
        except ValueError as error:
            errors.append(error)
        else:
            return
    raise UsageError(f"--{errors[0]}") from errors[0]


def _check_contradictions(options: Options) -> None:
    given = options.explicit
    trains = options.mode not in ("eval", "squeeze")
    # In eval an unset model type comes from the run, so nothing contradicts it yet.
    if options.model_type is not None or trains:
        model_type = options.model_type or "vanilla"
        taken = presets.METHOD_ARGUMENTS[model_type]
        for name in ("tau", "eps"):
            if name in given and name not in taken:
                raise UsageError(
                    f"--{name} has no meaning for a {model_type} model. Received: "
                    f"--{name}={getattr(options, name):g} --model_type={model_type}"
                )
        if options.finetune_path is not None and not taken:
            raise UsageError(
                "--finetune_path needs --model_type=act or --model_type=sact, which "
                f"start from a vanilla model. Received: --model_type={model_type}"
            )
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
    if not trains:
        if options.finetune_path is not None:
            raise UsageError(
                f"--finetune_path is where training starts: --mode={options.mode} does "
                f"not take it. Received: --finetune_path={options.finetune_path}"
            )
        if options.checkpoint_dir is None and options.train_log_dir is None:
            raise UsageError(
                f"--mode={options.mode} needs --checkpoint_dir (or --train_log_dir) to "
                "say which checkpoint. Received: neither"
            )
        return
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
