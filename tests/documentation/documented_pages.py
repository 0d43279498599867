"""The pages of the documentation, and the fenced blocks in them."""

import dataclasses
import re
from pathlib import Path

from conftest import PROJECT_ROOT

PAGES = [
    PROJECT_ROOT / "README.md",
    *sorted((PROJECT_ROOT / "docs").rglob("*.md")),
]
CONFIGS = sorted((PROJECT_ROOT / "configs").rglob("*.cfg"))

_FENCE = re.compile(r"(?P<indent> *)```(?P<language>\w*)$")
_COMMENT = re.compile(r"#(?: (?P<text>.*))?$")


@dataclasses.dataclass(frozen=True)
class Block:
    """What stands between two fences, or in the comment that opens a flagfile.

    Attributes:
        page: The file.
        line: Of its first line, from 1.
        language: "sh", "python", ...; "" where the fence does not say.
        lines: Its lines.
    """

    page: Path
    line: int
    language: str
    lines: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{name_of(self.page)}:{self.line}"

    @property
    def source(self) -> str:
        return "\n".join(self.lines) + "\n"


def name_of(page: Path) -> str:
    """A page's path in the project."""
    return str(page.relative_to(PROJECT_ROOT))


def blocks_of(page: Path) -> list[Block]:
    """The blocks of a page, in order."""
    if page.suffix == ".cfg":
        return [_header_of(page)]
    blocks, opened = [], None
    for number, line in enumerate(page.read_text().split("\n"), start=1):
        fence = _FENCE.fullmatch(line)
        if opened is None and fence is not None:
            opened = (number + 1, fence["language"], len(fence["indent"]), [])
        elif fence is not None:
            first, language, _, lines = opened
            blocks.append(Block(page, first, language, tuple(lines)))
            opened = None
        elif opened is not None:
            opened[3].append(line[opened[2] :])
    assert opened is None, f"{page}: the fence before line {opened[0]} is not closed"
    return blocks


def prose_of(page: Path) -> str:
    """A page with the lines of its blocks left empty."""
    lines = page.read_text().split("\n")
    for block in blocks_of(page):
        for index in range(len(block.lines)):
            lines[block.line - 1 + index] = ""
    return "\n".join(lines)


def python_blocks_of(page: Path) -> list[Block]:
    return [block for block in blocks_of(page) if block.language == "python"]


def _header_of(page: Path) -> Block:
    lines = []
    for line in page.read_text().split("\n"):
        comment = _COMMENT.fullmatch(line)
        if comment is None:
            break
        lines.append(comment["text"] or "")
    return Block(page, 1, "", tuple(lines))
