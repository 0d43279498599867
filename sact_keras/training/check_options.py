"""Checks the options before any work."""

import math

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


def _refuse(flag: str, requirement: str, value: object) -> None:
    if isinstance(value, float):
        value = f"{value:g}"
    raise UsageError(f"--{flag} must be {requirement}. Received: --{flag}={value}")


def _check_ranges(options: Options) -> None:
    if options.model is not None:
        try:
            presets.parse_model(options.model)
        except ValueError as error:
            raise UsageError(f"--{error}") from error
    for name in (
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
        if not 0 < getattr(options, name) < math.inf:
            _refuse(name, "above 0", getattr(options, name))
    for name in (
        "dataset_dir",
        "train_log_dir",
        "checkpoint_dir",
        "eval_dir",
        "finetune_path",
    ):
        if getattr(options, name) == "":
            _refuse(name, "a path", "")


def _check_contradictions(options: Options) -> None:
    given = options.explicit
    trains = options.mode != "eval"
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
    if not trains:
        if options.finetune_path is not None:
            raise UsageError(
                "--finetune_path is where training starts: --mode=eval does not take "
                f"it. Received: --finetune_path={options.finetune_path}"
            )
        if options.checkpoint_dir is None and options.train_log_dir is None:
            raise UsageError(
                "--mode=eval needs --checkpoint_dir (or --train_log_dir) to say what "
                "to evaluate. Received: neither"
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
