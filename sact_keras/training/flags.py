"""The command line: names and meaning of the flags.

Nothing here imports TensorFlow or Keras, so that `--help` and refusals are immediate.
"""

import re
import textwrap
from collections.abc import Sequence
from typing import TypeVar

from absl import flags

from sact_keras.models import presets
from sact_keras.training.check_options import check_options
from sact_keras.training.flag_definitions import (
    PROGRAM_FLAGS,
    Definitions,
    define_flags,
)
from sact_keras.training.options import Options
from sact_keras.training.usage_error import UsageError

USAGE = """\
Trains and evaluates residual networks with adaptive computation time.

  python main.py --model_type=sact --tau=0.01
  python main.py --flagfile=configs/cifar10_sact.cfg
  python main.py --mode=eval --train_log_dir=runs/cifar10_sact_5_tau0.01

The same command started again goes on from the run's latest checkpoint.
"""

AnyOptions = TypeVar("AnyOptions")

_WANTED = {"int": "a whole number", "float": "a number", "bool": "true or false"}

_HELP_FLAGS = {"-h", "-help", "--help", "--helpfull", "--helpshort"}


def help_text(
    usage: str = USAGE,
    definitions: Definitions = PROGRAM_FLAGS,
    options_class: type = Options,
) -> str:
    """What `--help` prints: how to use it, and all flags, by group, with defaults.

    Args:
        usage: What it does, and command lines of it.
        definitions: The flags.
        options_class: The dataclass of the options, which has the defaults.
    """
    values = flags.FlagValues()
    groups = define_flags(values, definitions, options_class())
    lines = [usage]
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
    options = parse_flags(argv, PROGRAM_FLAGS, Options)
    check_options(options)
    return options


def parse_flags(
    argv: Sequence[str], definitions: Definitions, options_class: type[AnyOptions]
) -> AnyOptions:
    """Reads a command line into options, whose values are yet to be checked.

    Args:
        argv: Program name and arguments.
        definitions: The flags.
        options_class: The dataclass of the options: a field of its name and default
            for each flag, and the fields `explicit` and `argv` of `Options`.

    Returns:
        The options, with aliases of model types resolved.

    Raises:
        UsageError: If a flag is unknown or of another type.
    """
    values = flags.FlagValues()
    groups = define_flags(values, definitions, options_class())
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
    given = {name: values[name].value for name in names}
    if given.get("model_type") is not None:
        given["model_type"] = presets.canonical_model_type(given["model_type"])
    return options_class(
        **given,
        explicit=frozenset(name for name in names if values[name].present),
        argv=tuple(argv),
    )
