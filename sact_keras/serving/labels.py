"""The names of the classes that a served model tells apart."""

import importlib.util
import os
import re
from collections.abc import Sequence
from pathlib import Path

from sact_keras.data.cifar_classes import CLASS_NAMES
from sact_keras.data.dataset_error import DatasetError
from sact_keras.data.shape_outlines import OUTLINES

LABELS_FILE = "labels.txt"
"""The name that the file bears among a SavedModel's assets."""

_BACKGROUND = "background"
_NUMBERED = re.compile(r"(\d+)\s*:\s*(.+)")


def default_labels(dataset: str, num_classes: int) -> tuple[str, ...] | None:
    """The names of a data set's classes, where they are known without its files.

    Those of ImageNet are WordNet's (`n01440764`), from TensorFlow Datasets.

    Args:
        dataset: A key of `sact_keras.models.presets.DATASETS`.
        num_classes: Classes of the model. ImageNet's class 0 is the background where
            there are 1001.

    Returns:
        One name for each class; None where there are no such names, or not so many.

    Example:
        >>> default_labels("cifar10", 10)[:3]
        ('airplane', 'automobile', 'bird')
        >>> default_labels("imagenet", 1001)[:2]
        ('background', 'n01440764')
        >>> default_labels("cifar10", 7) is None
        True
    """
    if dataset == "imagenet":
        labels = _imagenet_labels()
        if len(labels) == num_classes - 1:
            labels = (_BACKGROUND, *labels)
    elif dataset == "shapes":
        labels = tuple(OUTLINES)
    else:
        labels = CLASS_NAMES.get(dataset, ())
    return labels if labels and len(labels) == num_classes else None


def read_labels(
    path: str | os.PathLike[str], num_classes: int | None = None
) -> tuple[str, ...]:
    r"""Reads names of classes, one a line.

    Args:
        path: A file in UTF-8. A line is a name, or as TF-Slim writes it the class and
            its name: `1:tench`, counting up from 0.
        num_classes: How many there must be; None for any number.

    Raises:
        DatasetError: If it cannot be read, or does not name each class once.

    Example:
        >>> import tempfile
        >>> with tempfile.NamedTemporaryFile() as file:
        ...     _ = Path(file.name).write_text("0:background\n1:tench\n")
        ...     read_labels(file.name, num_classes=2)
        ('background', 'tench')
    """
    try:
        # Editors of some systems mark UTF-8 at the start, which is no part of a name.
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(
            f"must be a text of UTF-8 with the name of a class on each line. Received: "
            f"{error}",
            path=path,
        ) from error
    # Not `splitlines`, which breaks lines at characters that a name may have.
    labels = [line.strip() for line in text.rstrip().split("\n")]
    if "" in labels:
        raise DatasetError(
            "must have the name of a class on each line. Received: nothing on line "
            f"{labels.index('') + 1}",
            path=path,
        )
    labels = _without_numbers(labels)
    if num_classes is not None and len(labels) != num_classes:
        raise DatasetError(
            f"must name the model's {num_classes} classes, one a line. Received: "
            f"{len(labels)} names",
            path=path,
        )
    return tuple(labels)


def labels_text(labels: Sequence[str]) -> str:
    r"""What `labels.txt` holds: a name a line, in the order of the classes.

    Raises:
        ValueError: If a name is empty or longer than a line.

    Example:
        >>> labels_text(["cat", "dog"])
        'cat\ndog\n'
    """
    for label in labels:
        if not label.strip() or "\n" in label or "\r" in label:
            raise ValueError(
                "labels must be names of classes that have a line each. Received: "
                f"{label!r}"
            )
    return "".join(f"{label}\n" for label in labels)


def _imagenet_labels() -> tuple[str, ...]:
    # Found, but not imported, which would take a second.
    package = importlib.util.find_spec("tensorflow_datasets")
    for folder in (package and package.submodule_search_locations) or ():
        path = Path(folder) / "datasets" / "imagenet2012" / LABELS_FILE
        if path.is_file():
            return tuple(path.read_text(encoding="utf-8").split())
    return ()


def _without_numbers(labels: list[str]) -> list[str]:
    matches = [_NUMBERED.fullmatch(label) for label in labels]
    if [match and int(match[1]) for match in matches] != list(range(len(labels))):
        return labels
    return [match[2] for match in matches]
