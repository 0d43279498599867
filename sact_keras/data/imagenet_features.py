"""What ImageNet's records hold, and the names of its classes."""

import dataclasses
import re
from pathlib import Path

from sact_keras.data.dataset_error import DatasetError
from sact_keras.data.dataset_files import DatasetFiles, DatasetFormat
from sact_keras.data.image_records import RecordFeatures

#: With the background.
NUM_CLASSES = 1001

#: What each format's records hold. What has been written as TF-Slim's differs in where
#: the label is.
FEATURES = {
    DatasetFormat.TFDS: RecordFeatures(
        image="image",
        labels=("label",),
        first_label=0,
        first_class=1,
        num_labels=NUM_CLASSES - 1,
    ),
    DatasetFormat.TF_SLIM: RecordFeatures(
        image="image/encoded",
        labels=(
            "image/class/label",
            "image/object/class/label",
            "image/object/bbox/label",
        ),
        first_label=0,
        first_class=0,
        num_labels=NUM_CLASSES,
        boxes=tuple(
            f"image/object/bbox/{edge}" for edge in ("ymin", "xmin", "ymax", "xmax")
        ),
    ),
}

_BACKGROUND = "background"


def without_background(features: RecordFeatures) -> RecordFeatures:
    """Returns an entry of `FEATURES` for the classes without the background.

    Class 1 becomes class 0. A label of the background is then outside the labels.

    Example:
        >>> features = without_background(FEATURES[DatasetFormat.TF_SLIM])
        >>> features.first_label, features.first_class, features.num_labels
        (1, 0, 1000)
    """
    first_label = features.first_label + 1 - features.first_class
    return dataclasses.replace(
        features,
        first_label=first_label,
        first_class=0,
        num_labels=features.last_label - first_label + 1,
    )


def read_class_names(files: DatasetFiles) -> tuple[str, ...]:
    """Returns the names of the 1001 classes, the background first.

    TF-Slim writes them to `labels.txt` (`1:tench`), TFDS to `label.labels.txt`
    (`n01440764`, without the background). Where there is no such file they are
    "background", "class 1" and so on.

    Raises:
        DatasetError: if the file cannot be read or has not one name for each class.
    """
    if files.format is DatasetFormat.TFDS:
        names = _read_lines(files.directory / "label.labels.txt")
        if names is None:
            return _generated_names()
        return _checked([_BACKGROUND, *names], files.directory / "label.labels.txt")
    path = files.directory / "labels.txt"
    lines = _read_lines(path)
    if lines is None:
        return _generated_names()
    by_label = {}
    for line in lines:
        match = re.fullmatch(r"\s*(\d+)\s*:\s*(.*?)\s*", line)
        if match is None:
            raise DatasetError(f"not a label and a name: {line!r}", path=path)
        by_label[int(match[1])] = match[2]
    if sorted(by_label) != list(range(len(by_label))):
        raise DatasetError("its labels do not count up from 0", path=path)
    return _checked([by_label[label] for label in sorted(by_label)], path)


def _generated_names() -> tuple[str, ...]:
    return _BACKGROUND, *(f"class {label}" for label in range(1, NUM_CLASSES))


def _read_lines(path: Path) -> list[str] | None:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise DatasetError(f"cannot be read: {error}", path=path) from error
    return [line for line in lines if line.strip()]


def _checked(names: list[str], path: Path) -> tuple[str, ...]:
    if len(names) != NUM_CLASSES:
        raise DatasetError(
            f"it names {len(names)} classes with the background, not {NUM_CLASSES}",
            path=path,
        )
    return tuple(names)
