"""What the benchmarks' command lines have in common."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Value = TypeVar("Value")


def make_parser(name: str, description: str) -> argparse.ArgumentParser:
    """A parser for the benchmark that is run by `python -m benchmarks.<name>`."""
    return argparse.ArgumentParser(
        prog=f"python -m benchmarks.{name}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_counts(parser: argparse.ArgumentParser, **counts: tuple[int, str]) -> None:
    """Adds flags of whole numbers above zero: name -> (default, what it counts)."""
    for name, (default, text) in counts.items():
        parser.add_argument(
            f"--{name}",
            type=positive,
            default=default,
            help=f"{text} (default: {default})",
        )


def add_comparison(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of benchmarks whose processes take turns."""
    add_counts(
        parser,
        rounds=(7, "turns of each"),
        threads=(len(os.sched_getaffinity(0)), "threads of the arithmetic"),
    )
    parser.add_argument("--json", type=new_file, help="file to write the figures to")


def choices_of(*allowed: str) -> Callable[[str], list[str]]:
    """A parser of comma-separated lists of the allowed values."""

    def parse(text: str) -> list[str]:
        values = text.split(",")
        if wrong := [value for value in values if value not in allowed]:
            raise argparse.ArgumentTypeError(
                f"expected a comma-separated list of {', '.join(allowed)}. "
                f"Received: {', '.join(map(repr, wrong))}"
            )
        return list(dict.fromkeys(values))

    return parse


def list_of(parse: Callable[[str], Value]) -> Callable[[str], list[Value]]:
    """A parser of comma-separated values that `parse` reads one of."""
    return lambda text: [parse(part) for part in text.split(",")]


def positive(text: str) -> int:
    """A parser of whole numbers above zero."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(
            f"expected a whole number above zero. Received: {text!r}"
        )
    return int(text)


def number_between(least: float, most: float) -> Callable[[str], float]:
    """A parser of numbers from `least` to `most`."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        # Written so that NaN fails it too.
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(
                f"expected a number from {least} to {most}. Received: {text!r}"
            )
        return value

    return parse


def new_file(text: str) -> Path:
    """A parser of paths of files that can be written when all is measured."""
    path = Path(text)
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(
            f"expected a file in a directory that exists. Received: {text!r}"
        )
    return path
