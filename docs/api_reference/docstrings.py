"""What becomes of a docstring before and after pdoc makes HTML of it."""

import re

import keras
import pdoc.docstrings

# Sections of our docstrings, besides Google's, that are lists of names.
_LIST_SECTIONS = pdoc.docstrings.GOOGLE_LIST_SECTIONS
_LIST_SECTIONS += ["Reports", "Call arguments"]

_SEPARATOR = r'(?:\.|</span><span class="o">\.</span><span class="n">)'
_KERAS_NAME = re.compile(
    rf"\bkeras{_SEPARATOR}src(?:{_SEPARATOR}[a-z_0-9]+)+{_SEPARATOR}(?P<name>[A-Z]\w*)"
)
_ANY = re.compile(rf"\btyping{_SEPARATOR}Any\b")
_SECTION = re.compile(r"[A-Z][A-Z a-z]+:")
_ENTRY = re.compile(r"^([\w/]+(?:, [\w/]+)*): ")
_INDENTED = re.compile(
    r"^(?P<heading>(?P<indent> *)\S.*)\n(?P<gap>\n?)"
    r"(?P<entries>(?P=indent) {4}.*(?:\n(?P=indent) {4}.*)*)",
    re.MULTILINE,
)
_TAG = re.compile(r"^ *>>>.*$|`[^`]*`|<(?=[a-z_]+>)", re.MULTILINE)


def list_entries(docstring: str) -> str:
    r"""Makes Markdown lists of names that are described one below another.

    Those of a section that is a list of names, such as Args, are left to pdoc.

    Example:
        >>> print(list_entries("Output:\n    An array.\n        logits: [N, 10]."))
        Output:
            An array.
        <BLANKLINE>
            - **logits:** [N, 10].
    """

    def convert(found: re.Match) -> str:
        indent, heading, entries = found["indent"], found["heading"], found["entries"]
        if heading.removesuffix(":") in ("Example", *_LIST_SECTIONS):
            return found[0]
        first = _ENTRY.match(entries.removeprefix(f"{indent}    "))
        if first is None or _SECTION.fullmatch(heading):
            return f"{heading}\n{found['gap']}{list_entries(entries)}"
        lines = [line[len(indent) + 4 :] for line in entries.split("\n")]
        listed = [
            indent + _ENTRY.sub(r"- **\1:** ", line).replace("    ", "  ", 1)
            for line in lines
        ]
        return "\n".join([heading, "", *listed])

    return _INDENTED.sub(convert, docstring)


def keep_angles(docstring: str) -> str:
    """Keeps `<block>` from being taken for HTML where it is not in backticks.

    Example:
        >>> keep_angles('"<block>/flops", as in `<block>/flops`')
        '"&lt;block>/flops", as in `<block>/flops`'
    """
    return _TAG.sub(lambda found: "&lt;" if found[0] == "<" else found[0], docstring)


def shorten_names(page: str) -> str:
    """Calls Keras' classes by their public names, and Any by its own."""

    def public(found: re.Match) -> str:
        homes = (keras, keras.callbacks, keras.losses, keras.optimizers)
        for home in homes:
            if hasattr(home, found["name"]):
                return f"keras{home.__name__.rpartition('keras')[2]}.{found['name']}"
        return found[0]

    return _ANY.sub("Any", _KERAS_NAME.sub(public, page))
