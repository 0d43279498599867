"""Finds CIFAR-10 and CIFAR-100 on disk, in either format, without TensorFlow."""

import dataclasses
import enum
import json
import os
import re
from pathlib import Path

from sact_keras.data.dataset_error import DatasetError


class CifarFormat(enum.Enum):
    """How CIFAR is stored."""

    TFDS = "TFDS"
    TF_SLIM = "TF-Slim"


@dataclasses.dataclass(frozen=True)
class CifarFiles:
    """Where CIFAR was found.

    Attributes:
        format: how it is stored.
        directory: the folder that holds the TFRecords themselves.
    """

    format: CifarFormat
    directory: Path


def slim_file(name: str, split: str, directory: Path) -> Path:
    """Returns the path of a split's TFRecord in TF-Slim's naming."""
    return directory / f"{name}_{split}.tfrecord"


def search_directories(name: str, dataset_dir: str | None) -> tuple[Path, ...]:
    """Returns the directories in which `find_cifar` looks, in its order."""
    if dataset_dir is not None:
        return (Path(dataset_dir).expanduser(),)
    from_environment = os.environ.get("TFDS_DATA_DIR")
    usual = ("~/tensorflow_datasets", f"~/tensorflow/data/{name}")
    directories = ([from_environment] if from_environment else []) + [*usual]
    return tuple(Path(directory).expanduser() for directory in directories)


def find_cifar(name: str, dataset_dir: str | None = None) -> CifarFiles | None:
    """Looks for CIFAR on disk.

    In each directory, TFDS's format is looked for first: a version's folder (such as
    `cifar10/3.0.2`) may be the directory itself, a folder of it, or in its folder
    `cifar10`; of several versions the newest is taken. Then TF-Slim's: the files
    `cifar10_train.tfrecord` and `cifar10_test.tfrecord`.

    Args:
        name: "cifar10" or "cifar100".
        dataset_dir: the one directory to look in; None means `$TFDS_DATA_DIR`,
            `~/tensorflow_datasets` and `~/tensorflow/data/<name>`, in this order.

    Returns:
        The place, or None if it is in none of the directories.

    Raises:
        DatasetError: if a directory or a `dataset_info.json` on the way cannot be
            read.
    """
    for directory in search_directories(name, dataset_dir):
        try:
            files = _find_in_directory(name, directory)
        except OSError as error:
            raise DatasetError(
                f"cannot be searched: {error}", path=directory
            ) from error
        if files is not None:
            return files
    return None


def describe_search(name: str, dataset_dir: str | None) -> str:
    """Returns a sentence that says what was looked for, and where."""
    places = ", ".join(map(str, search_directories(name, dataset_dir)))
    return (
        f"Neither {name} as TFDS prepares it ({name}/<version>/dataset_info.json) nor "
        f"TF-Slim's {name}_train.tfrecord and {name}_test.tfrecord are in {places}"
    )


def _find_in_directory(name: str, directory: Path) -> CifarFiles | None:
    version_directory = _find_tfds_version(name, directory)
    if version_directory is not None:
        return CifarFiles(CifarFormat.TFDS, version_directory)
    splits = (slim_file(name, split, directory) for split in ("train", "test"))
    if any(file.is_file() for file in splits):
        return CifarFiles(CifarFormat.TF_SLIM, directory)
    return None


def _find_tfds_version(name: str, directory: Path) -> Path | None:
    if _holds_tfds_dataset(name, directory):
        return directory
    for parent in (directory, directory / name):
        versions = {
            tuple(map(int, info.parent.name.split("."))): info.parent
            for info in parent.glob("*/dataset_info.json")
            if re.fullmatch(r"\d+\.\d+\.\d+", info.parent.name)
        }
        for version in sorted(versions, reverse=True):
            if _holds_tfds_dataset(name, versions[version]):
                return versions[version]
    return None


def _holds_tfds_dataset(name: str, directory: Path) -> bool:
    info = directory / "dataset_info.json"
    if not info.is_file():
        return False
    try:
        return json.loads(info.read_text(encoding="utf-8")).get("name") == name
    except (OSError, ValueError, AttributeError) as error:
        raise DatasetError(f"cannot be read: {error}", path=info) from error
