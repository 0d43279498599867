"""Names of classes, as short as pictures need them."""

import textwrap

MAXIMUM_LINES = 2


def plain_text(name: str) -> str:
    r"""A name as matplotlib draws it letter for letter.

    What stands between two dollars it would take for a formula.

    Example:
        >>> plain_text("$1 and $2")
        '\\$1 and \\$2'
    """
    return name.replace("$", r"\$")


def shorten_class_name(name: str, characters: int) -> str:
    """The first of a class's names, in at most two lines.

    Args:
        name: A name, or several with commas between them, as ImageNet's classes have.
        characters: Of a line, at most.

    Returns:
        The lines. What does not fit is cut, and ends with "...".

    Example:
        >>> print(shorten_class_name("red-breasted merganser, Mergus serrator", 14))
        red-breasted
        merganser
    """
    return textwrap.fill(
        name.split(",")[0], characters, max_lines=MAXIMUM_LINES, placeholder="..."
    )
