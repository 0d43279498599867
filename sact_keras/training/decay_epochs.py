"""Reads the epochs after which the learning rate drops; without Keras, for flags."""

import itertools


def parse_decay_epochs(text: str) -> tuple[int, ...]:
    """Reads what `--decay_epochs` says.

    Args:
        text: Whole numbers above 0, each above the one before, joined by commas.

    Raises:
        ValueError: If it is not of that form.

    Example:
        >>> parse_decay_epochs("150,250")
        (150, 250)
    """
    parts = [part.strip() for part in text.split(",")]
    if all(part.isdecimal() for part in parts):
        epochs = tuple(int(part) for part in parts)
        if all(low < high for low, high in itertools.pairwise((0, *epochs))):
            return epochs
    raise ValueError(
        "decay_epochs must be epochs above 0 in increasing order, joined by commas "
        f"('150,250'). Received: decay_epochs={text}"
    )
