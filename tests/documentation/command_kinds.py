"""What kinds of commands the documentation has, and how each is checked unrun."""

import argparse
import configparser
import contextlib
import importlib
import io
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType

from conftest import PROJECT_ROOT
from documented_commands import Command
from packaging.requirements import Requirement

from export.command_line import Exporter
from sact_keras.serving.serving_configuration import DEFAULT_IMAGE
from sact_keras.training.flags import parse_options

_REST_API = re.compile(
    r"http://localhost:8501/v1/models/[\w.-]+(?::predict|/metadata)?"
)
_PLAIN_TOOLS = ("base64", "cd", "gzip", "printf", "wc")


class CommandError(Exception):
    """A command is none, or asks for what is not there."""


def kind_of(command: Command) -> str:
    """The key of `CHECKS` that a command is checked by; "" for none."""
    program, *rest = command.words
    if program == "python" and rest[:1] == ["-m"] and len(rest) > 1:
        package = rest[1].partition(".")[0]
        return f"python -m {package}"
    if program == "python" and rest:
        return f"python {Path(rest[0]).parent / '*.py'}"
    return "tool" if program in _PLAIN_TOOLS else program


def check(command: Command) -> None:
    """Checks that a command would be understood; runs nothing.

    Raises:
        CommandError: If nobody knows such commands, or what it names is not there.
        UsageError: If one of our programs refuses its flags.
    """
    kind = kind_of(command)
    if kind not in CHECKS:
        raise CommandError(
            f"commands of the kind {kind!r} have no check in {Path(__file__).name}"
        )
    CHECKS[kind](command)


def _check_main(command: Command) -> None:
    _require(command.words[1] == "main.py", f"no program {command.words[1]}")
    if command.words[2:] != ("--help",):
        parse_options(command.words[1:])


def _check_exporter(command: Command) -> None:
    module = importlib.import_module(command.words[2])
    (exporter,) = (v for v in vars(module).values() if isinstance(v, Exporter))
    exporter.parse(command.words[2:])


def _check_module(command: Command) -> None:
    _check_argparse(importlib.import_module(command.words[2]), command.words[3:])


def _check_script(command: Command) -> None:
    path = PROJECT_ROOT / command.words[1]
    _require(path.is_file(), f"no program {path}")
    name = ".".join(Path(command.words[1]).with_suffix("").parts)
    _check_argparse(importlib.import_module(name), command.words[2:])


def _check_argparse(module: ModuleType, arguments: Sequence[str]) -> None:
    """Lets a program of argparse read its command line, and stops it there."""
    source = Path(module.__file__).read_text()
    if "parse_args(" not in source:
        _require(not arguments, f"{module.__name__} takes no flags: {arguments}")
        return
    said = io.StringIO()
    with contextlib.redirect_stderr(said), _arguments(module.__file__, *arguments):
        try:
            if hasattr(module, "parse_arguments"):
                module.parse_arguments()
                return
            with _stopped_after_parsing():
                module.main()
        except _Parsed:
            return
        except SystemExit as error:
            raise CommandError(said.getvalue()) from error
    raise CommandError(f"{module.__name__} does not read its command line")


class _Parsed(Exception):
    """A command line was understood, and the program is not to go on."""


@contextlib.contextmanager
def _stopped_after_parsing() -> Iterator[None]:
    def parse_and_stop(parser, arguments=None, namespace=None):
        parse(parser, arguments, namespace)
        raise _Parsed

    parse, argparse.ArgumentParser.parse_args = (
        argparse.ArgumentParser.parse_args,
        parse_and_stop,
    )
    try:
        yield
    finally:
        argparse.ArgumentParser.parse_args = parse


@contextlib.contextmanager
def _arguments(*argv: str) -> Iterator[None]:
    before, sys.argv = sys.argv, list(argv)
    try:
        yield
    finally:
        sys.argv = before


def _check_make(command: Command) -> None:
    makefile = (PROJECT_ROOT / "Makefile").read_text()
    arguments: list[str] = []
    targets: list[str] = []
    for word in command.words[1:]:
        name, is_variable, value = word.partition("=")
        if not is_variable:
            targets.append(word)
            continue
        _require(
            re.search(rf"^{name} \?=", makefile, re.MULTILINE), f"no variable {name}"
        )
        if name == "ARGS":
            arguments = shlex.split(value)
    for target in targets:
        recipe = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
        _require(recipe, f"no target {target}")
        if "main.py" in recipe[1]:
            parse_options(["main.py", "--model_type=sact", "--tau=0.01", *arguments])
        elif "pytest" in recipe[1]:
            _check_pytest_arguments(arguments)
        else:
            _require(not arguments, f"{target} takes no ARGS")


def _check_pytest(command: Command) -> None:
    after = 1 if command.words[0] == "pytest" else 3
    _check_pytest_arguments(command.words[after:])


def _check_pytest_arguments(arguments: Sequence[str]) -> None:
    """Paths exist, and each word of an expression is in a name or is a mark there."""
    parser = argparse.ArgumentParser("pytest", exit_on_error=False)
    parser.add_argument("paths", nargs="*")
    for flag in ("-k", "-m"):
        parser.add_argument(flag, default="")
    for flag in ("-q", "-x"):
        parser.add_argument(flag, action="store_true")
    given = parser.parse_args(arguments)
    files: list[Path] = []
    for name in given.paths or ["tests"]:
        path = PROJECT_ROOT / name
        _require(path.exists(), f"no tests at {name}")
        files += [path] if path.is_file() else path.rglob("test_*.py")
    sources = [file.read_text() for file in files]
    tests = [
        name
        for text in sources
        for name in re.findall(r"^ *def (test_\w+)", text, re.M)
    ]
    _require(tests, f"no tests in {given.paths}")
    for word in re.findall(r"\w+", given.k):
        _require(
            word in ("and", "or", "not") or any(word in name for name in tests),
            f"-k {word!r} is in no test's name",
        )
    for word in re.findall(r"\w+", given.m):
        _require(
            word in ("and", "or", "not")
            or any(f"pytest.mark.{word}" in text for text in sources),
            f"no test there has the mark {word!r}",
        )


def _check_pip(command: Command) -> None:
    """Extras of this project exist; anything else is a requirement."""
    verb, *names = [w for w in command.words[1:] if w not in ("-e", "--editable")]
    _require(verb == "install" and names, "pip must install something")
    configuration = configparser.ConfigParser()
    configuration.read(PROJECT_ROOT / "setup.cfg")
    for name in names:
        # A path, ".[test]", reads as a requirement once it has the project's name.
        wanted = Requirement(re.sub(r"^\.(?=\[|$)", "sact_keras", name))
        if wanted.name == "sact_keras":
            for extra in wanted.extras:
                _require(
                    extra in configuration["options.extras_require"],
                    f"setup.cfg has no extra {extra!r}",
                )


def _check_docker(command: Command) -> None:
    if command.words[1] == "run":
        _require(DEFAULT_IMAGE in command.words, f"the image is {DEFAULT_IMAGE}")
    else:
        _require(command.words[1:] == ("compose", "up"), "compose up, or run")


def _check_curl(command: Command) -> None:
    url = command.words[-1]
    _require(_REST_API.fullmatch(url), f"TensorFlow Serving has no {url}")


def _check_sbatch(command: Command) -> None:
    script = PROJECT_ROOT / command.words[1]
    _require(script.is_file(), f"no script {script}")
    distributed = "--distribution=multi_worker"
    _require(distributed in script.read_text(), f"{script} does not say {distributed}")
    parse_options(["main.py", distributed, *command.words[2:]])


def _require(condition: object, otherwise: str) -> None:
    if not condition:
        raise CommandError(otherwise)


CHECKS: dict[str, Callable[[Command], None]] = {
    "python *.py": _check_main,
    "python -m export": _check_exporter,
    "python -m benchmarks": _check_module,
    "python -m sact_keras": _check_module,
    "python benchmarks/*.py": _check_script,
    "python docs/*.py": _check_script,
    "python -m pytest": _check_pytest,
    "pytest": _check_pytest,
    "make": _check_make,
    "pip": _check_pip,
    "docker": _check_docker,
    "curl": _check_curl,
    "sbatch": _check_sbatch,
    "tool": lambda command: None,
}
"""Kind -> what checks a command of it: raises an error that says what is wrong."""
