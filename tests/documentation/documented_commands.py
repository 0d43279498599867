"""Reads the commands in the documentation, as a shell would."""

import dataclasses
import re
import shlex
from collections.abc import Iterator, Mapping

from documented_pages import CONFIGS, PAGES, Block, blocks_of, prose_of

_OPERATORS = re.compile(r"[();<>|&]+")
_ASSIGNMENT = re.compile(r"(?P<name>[A-Za-z_]\w*)=(?P<value>.*)", re.DOTALL)
_VARIABLE = re.compile(r"\$(?:(?P<name>[A-Za-z_]\w*)|\{(?P<braced>[A-Za-z_]\w*)\})")
# By these a block that does not say what it is, and a comment, is one of commands.
_OPENS_COMMANDS = re.compile(r"(?:[A-Z_]\w*=\S+ )*(?:python|make|pip|pytest|docker) ")
_INLINE = re.compile(r"`((?:[A-Z_]+=\S+ )*(?:python|make|pip|pytest) [^`]+)`")
_NAME_ALONE = re.compile(r"python (?:main\.py|-m \S+)")


@dataclasses.dataclass(frozen=True)
class Command:
    """A program with its arguments, as a page tells its reader to type it.

    Attributes:
        name: "docs/serving.md:10", with "/2" for a line's second command.
        words: Program and arguments, quotes taken off and the block's variables put in.
        environment: What is set ahead of the program (`NAME=value program`).
        line: The whole line that it stands in, backslashes and comments taken out.
    """

    name: str
    words: tuple[str, ...]
    environment: Mapping[str, str]
    line: str

    @property
    def page(self) -> str:
        """The page's path in the project."""
        return self.name.partition(":")[0]


def documented_commands() -> list[Command]:
    """Those of all pages and flagfiles."""
    pages = [*PAGES, *CONFIGS]
    return [
        c for page in pages for block in blocks_of(page) for c in commands_of(block)
    ]


def inline_commands() -> list[Command]:
    """Those within the text of pages.

    Not what only shows a form ("..."), nor a program's name, without any argument.
    """
    found = []
    for page in PAGES:
        text = prose_of(page)
        for quoted in re.finditer(_INLINE, text):
            line = " ".join(quoted[1].split())
            number = text.count("\n", 0, quoted.start()) + 1
            if "..." not in line and not _NAME_ALONE.fullmatch(line):
                found += commands_of(Block(page, number, "sh", (line,)))
    return found


def commands_of(block: Block) -> Iterator[Command]:
    """The commands of a block, in order."""
    variables: dict[str, str] = {}
    for number, line in _whole_lines(block):
        simple = list(_simple_commands(line, variables))
        for index, (environment, words) in enumerate(simple, start=1):
            if not words:
                variables |= environment
                continue
            suffix = f"/{index}" if index > 1 else ""
            where = f"{block.name.rpartition(':')[0]}:{number}{suffix}"
            yield Command(where, tuple(words), environment, line)


def _whole_lines(block: Block) -> Iterator[tuple[int, str]]:
    """(number, text) of the lines that hold commands, those that go on put together."""
    is_comment = block.page.suffix == ".cfg"
    if not is_comment and block.language == "":
        if not any(_OPENS_COMMANDS.match(line) for line in block.lines):
            return
    elif block.language not in ("", "sh"):
        return
    begin, parts = block.line, []
    for number, line in enumerate(block.lines, start=block.line):
        if not parts:
            begin = number
            if is_comment and not _OPENS_COMMANDS.match(line):
                continue
        goes_on = line.endswith("\\")
        parts.append(line.removesuffix("\\").strip())
        if not goes_on:
            whole = " ".join(parts)
            parts = []
            if whole and not whole.startswith("#"):
                yield begin, whole


def _simple_commands(
    line: str, variables: Mapping[str, str]
) -> Iterator[tuple[dict[str, str], list[str]]]:
    """(what is set, program and arguments) of each part of a line between operators."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    parts: list[list[str]] = [[]]
    for token in lexer:
        if _OPERATORS.fullmatch(token):
            parts.append([])
        elif token.startswith("$") and token[1:] in variables:
            parts[-1] += shlex.split(variables[token[1:]])
        else:
            parts[-1].append(_expand(token, variables))
    for part in parts:
        environment: dict[str, str] = {}
        while part and (assigned := _ASSIGNMENT.fullmatch(part[0])):
            environment[assigned["name"]] = assigned["value"]
            part = part[1:]
        if environment or part:
            yield environment, part


def _expand(word: str, variables: Mapping[str, str]) -> str:
    def value(found: re.Match) -> str:
        return variables.get(found["name"] or found["braced"], found[0])

    return _VARIABLE.sub(value, word)
