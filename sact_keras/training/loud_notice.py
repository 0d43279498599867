"""A notice that nobody overlooks."""

import sys
import textwrap


def say_loudly(*paragraphs: str) -> None:
    """Prints paragraphs on standard error, framed."""
    lines = [line for text in paragraphs for line in textwrap.wrap(text, 74)]
    edge = "*" * 80
    body = "\n".join(f"** {line:74} **" for line in lines)
    print(f"{edge}\n{body}\n{edge}", file=sys.stderr, flush=True)
