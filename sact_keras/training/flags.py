"""The command line: names and meaning of the flags.

Nothing here imports TensorFlow or Keras, so that `--help` and refusals are immediate.
"""

import re
import textwrap
from collections.abc import Callable, Sequence

from absl import flags

from sact_keras.models import presets
from sact_keras.training.check_options import check_options
from sact_keras.training.options import Options
from sact_keras.training.usage_error import UsageError

USAGE = """\
Trains and evaluates residual networks with adaptive computation time.

  python main.py --model_type=sact --tau=0.01
  python main.py --flagfile=configs/cifar10_sact.cfg
  python main.py --mode=eval --train_log_dir=runs/cifar10_sact_5_tau0.01

The same command started again goes on from the run's latest checkpoint.
"""

_WANTED = {"int": "a whole number", "float": "a number", "bool": "true or false"}

_HELP_FLAGS = {"-h", "-help", "--help", "--helpfull", "--helpshort"}


def define_flags(values: flags.FlagValues) -> dict[str, list[str]]:
    """Defines the program's flags.

    Args:
        values: Where they are defined; the caller's own, so that flags of imported
            libraries are neither accepted nor shown.

    Returns:
        Title -> names of the flags of each group, in the order of `--help`.
    """
    groups: dict[str, list[str]] = {}
    defaults = Options()
    group: list[str] = []

    def title(text: str) -> None:
        nonlocal group
        group = groups.setdefault(text, [])

    def define(kind: Callable, name: str, description: str) -> None:
        group.append(name)
        kind(name, getattr(defaults, name), description, flag_values=values)

    def choice(name: str, choices: Sequence[str], description: str) -> None:
        group.append(name)
        default = getattr(defaults, name)
        flags.DEFINE_enum(name, default, choices, description, flag_values=values)

    text, integer, number = (
        flags.DEFINE_string,
        flags.DEFINE_integer,
        flags.DEFINE_float,
    )

    title("The run")
    choice(
        "mode",
        ("train", "eval", "train_and_eval"),
        "What to do. eval keeps watching --checkpoint_dir for new checkpoints until "
        "the training's last step, unless --evaluate_once.",
    )
    choice(
        "dataset",
        tuple(presets.DATASETS),
        "Data set. Unset: in eval, the one the run was trained on; else CIFAR-10 if "
        "it is at hand or can be downloaded, otherwise the built-in shapes.",
    )
    define(
        text,
        "dataset_dir",
        "Directory with the data set as TFDS or TF-Slim prepare it. Unset: "
        "$TFDS_DATA_DIR, ~/tensorflow_datasets, ~/tensorflow/data/<dataset>.",
    )
    define(
        integer, "seed", "Seed of the initial weights, the order and the augmentation."
    )
    choice(
        "jit_compile",
        ("auto", "true", "false"),
        "Whether XLA compiles the training step and the evaluation. auto: what is "
        "faster on this machine's device.",
    )

    title("The model")
    choice(
        "model_type",
        (*presets.MODEL_TYPES, *presets.MODEL_TYPE_ALIASES),
        "Who decides which units run: nobody (vanilla; the default), the image (act) "
        "or each position (sact). act_early_stopping is act.",
    )
    define(
        text,
        "model",
        "Residual units in each block: '5' (ResNet-32; the default), '18' "
        "(ResNet-110), '1_4_6'.",
    )
    define(
        number,
        "tau",
        "Price of computation: weight of the ponder cost in the loss of act and sact, "
        f"at least 0 (default {presets.METHOD_ARGUMENTS['sact']['tau']}).",
    )
    define(
        number,
        "eps",
        "act and sact halt once the halting scores sum to 1 - eps; in (0, 1) "
        f"(default {presets.METHOD_ARGUMENTS['sact']['eps']}).",
    )

    title("Training")
    define(
        text,
        "train_log_dir",
        "Directory of the run: config.json, metrics.jsonl, summaries, checkpoints. "
        "Unset: runs/<dataset>_<model_type>_<model>, with _tau<tau> where it applies.",
    )
    define(
        integer, "batch_size", "Images of a training step. Unset: 128, for shapes 32."
    )
    define(
        integer,
        "max_number_of_steps",
        "Steps of training in all. Unset: 100000, for shapes 2500.",
    )
    define(
        number,
        "learning_rate",
        "Initial learning rate, dropped tenfold at 60%, 75% and 90% of the steps.",
    )
    define(
        text,
        "finetune_path",
        "Checkpoint of a vanilla model, ours or the original's, from which an act or "
        "sact model starts: everything but the halting branches.",
    )
    define(number, "save_interval_secs", "Seconds between checkpoints.")
    define(number, "save_summaries_secs", "Seconds between TensorBoard summaries.")
    define(
        integer,
        "eval_interval_steps",
        "Steps between the evaluations that choose the best checkpoint; 0 for none. "
        "Unset: 1000, or a quarter of a run shorter than 4000 steps.",
    )

    title("Evaluation")
    define(
        text,
        "checkpoint_dir",
        "What eval evaluates: a run's directory, one checkpoint, a .weights.h5 or "
        ".keras file, or a TensorFlow 1 checkpoint of the original. Unset: "
        "--train_log_dir.",
    )
    define(
        text,
        "eval_dir",
        "Directory of the results. Unset: eval in the run's "
        "directory, or in --checkpoint_dir where that is part of no run.",
    )
    define(integer, "eval_batch_size", "Images of an evaluation step.")
    choice("split_name", ("train", "test"), "Split of the data set that is evaluated.")
    define(
        integer, "num_examples", "Evaluate only the first so many images. Unset: all."
    )
    define(
        flags.DEFINE_boolean, "evaluate_once", "Evaluate the latest checkpoint and end."
    )
    define(number, "eval_interval_secs", "Seconds between looks for a new checkpoint.")
    return groups


def help_text() -> str:
    """What `--help` prints: all flags, by group, with their defaults."""
    values = flags.FlagValues()
    groups = define_flags(values)
    lines = [USAGE]
    for title, names in groups.items():
        lines.append(f"{title}:")
        for name in names:
            flag = values[name]
            choices = getattr(flag.parser, "enum_values", None)
            value = "|".join(choices) if choices else flag.flag_type()
            head = f"  --[no]{name}" if flag.boolean else f"  --{name}=<{value}>"
            # absl repeats an enumeration's values before its description.
            description = flag.help.removeprefix(f"<{value}>: ")
            if flag.default is not None:
                description += f" (default {flag.default_as_str.strip(chr(39))})"
            lines.append(head)
            lines.append(textwrap.indent(textwrap.fill(description, 74), " " * 6))
        lines.append("")
    lines.append("--flagfile=<path> reads flags from a file, one a line; # comments.")
    return "\n".join(lines)


def wants_help(argv: Sequence[str]) -> bool:
    """Whether the command line asks for help."""
    return not _HELP_FLAGS.isdisjoint(argv[1:])


def _explain(error: flags.Error, values: flags.FlagValues) -> str:
    """What absl found wrong with a command line, in our own form of words."""
    refused = re.fullmatch(r"flag --(\w+)=(.*?): .*", str(error), re.DOTALL)
    if refused is None or refused[1] not in values:
        message = " ".join(str(error).split())
        if isinstance(error, flags.UnrecognizedFlagError):
            message += " (--help lists the flags)"
        return message
    name, received = refused.groups()
    flag = values[name]
    choices = getattr(flag.parser, "enum_values", None)
    wanted = f"one of {'|'.join(choices)}" if choices else _WANTED[flag.flag_type()]
    return f"--{name} must be {wanted}. Received: --{name}={received}"


def parse_options(argv: Sequence[str]) -> Options:
    """Reads and checks the command line.

    Args:
        argv: Program name and arguments.

    Returns:
        The options, with aliases of model types resolved.

    Raises:
        UsageError: If a flag is unknown, out of range or at odds with another.

    Example:
        >>> parse_options(["main.py", "--model_type=act_early_stopping"]).model_type
        'act'
        >>> parse_options(["main.py", "--model_type=sact", "--tau=-1"])
        Traceback (most recent call last):
        sact_keras.training.usage_error.UsageError: --tau must be at least 0. \
Received: --tau=-1
    """
    values = flags.FlagValues()
    groups = define_flags(values)
    try:
        positional = values(list(argv))[1:]
    except flags.Error as error:
        raise UsageError(_explain(error, values)) from error
    if positional:
        raise UsageError(
            "every argument must be a flag (--name=value). "
            f"Received: {' '.join(positional)!r}"
        )
    names = [name for group in groups.values() for name in group]
    options = Options(
        **{name: values[name].value for name in names},
        explicit=frozenset(name for name in names if values[name].present),
        argv=tuple(argv),
    )
    if options.model_type is not None:
        model_type = presets.canonical_model_type(options.model_type)
        options = options.replace(model_type=model_type)
    check_options(options)
    return options
