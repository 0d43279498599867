"""Finds data sets on disk, in either format, without TensorFlow."""

import dataclasses
import enum
import json
import os
import re
from collections.abc import Callable
from pathlib import Path

from sact_keras.data.dataset_error import DatasetError


class DatasetFormat(enum.Enum):
    """How a data set is stored."""

    TFDS = "TFDS"
    TF_SLIM = "TF-Slim"


@dataclasses.dataclass(frozen=True)
class DatasetFiles:
    """Where a data set was found.

    Attributes:
        format: how it is stored.
        directory: the folder that holds the TFRecords themselves.
    """

    format: DatasetFormat
    directory: Path


def search_directories(name: str, dataset_dir: str | None) -> tuple[Path, ...]:
    """Returns the directories in which a data set is looked for, in their order."""
    if dataset_dir is not None:
        return (Path(dataset_dir).expanduser(),)
    from_environment = os.environ.get("TFDS_DATA_DIR")
    usual = ("~/tensorflow_datasets", f"~/tensorflow/data/{name}")
    directories = ([from_environment] if from_environment else []) + [*usual]
    return tuple(Path(directory).expanduser() for directory in directories)


def find_files(
    name: str,
    dataset_dir: str | None,
    *,
    tfds_name: str,
    holds_slim: Callable[[Path], bool],
) -> DatasetFiles | None:
    """Looks for a data set on disk.

    In each directory, TFDS's format is looked for first: a version's folder (such as
    `cifar10/3.0.2`) may be the directory itself, a folder of it, or in its folder
    of TFDS's name; of several versions the newest is taken. Then TF-Slim's.

    Args:
        name: of the data set, as in `--dataset`.
        dataset_dir: the one directory to look in; None means `$TFDS_DATA_DIR`,
            `~/tensorflow_datasets` and `~/tensorflow/data/<name>`, in this order.
        tfds_name: what TFDS calls the data set.
        holds_slim: whether a directory holds TF-Slim's files.

    Returns:
        The place, or None if it is in none of the directories.

    Raises:
        DatasetError: if a directory or a `dataset_info.json` on the way cannot be
            read.
    """
    for directory in search_directories(name, dataset_dir):
        try:
            version_directory = _find_tfds_version(tfds_name, directory)
            if version_directory is not None:
                return DatasetFiles(DatasetFormat.TFDS, version_directory)
            if holds_slim(directory):
                return DatasetFiles(DatasetFormat.TF_SLIM, directory)
        except OSError as error:
            raise DatasetError(
                f"cannot be searched: {error}", path=directory
            ) from error
    return None


def read_tfds_info(directory: Path) -> dict | None:
    """Returns what `dataset_info.json` says, or None if a directory has none.

    Raises:
        DatasetError: if it cannot be read.
    """
    path = directory / "dataset_info.json"
    if not path.is_file():
        return None
    try:
        info = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DatasetError(f"cannot be read: {error}", path=path) from error
    if not isinstance(info, dict):
        raise DatasetError("cannot be read: it is not a JSON object", path=path)
    return info


def _find_tfds_version(tfds_name: str, directory: Path) -> Path | None:
    if _holds_tfds_dataset(tfds_name, directory):
        return directory
    for parent in (directory, directory / tfds_name):
        versions = {
            tuple(map(int, info.parent.name.split("."))): info.parent
            for info in parent.glob("*/dataset_info.json")
            if re.fullmatch(r"\d+\.\d+\.\d+", info.parent.name)
        }
        for version in sorted(versions, reverse=True):
            if _holds_tfds_dataset(tfds_name, versions[version]):
                return versions[version]
    return None


def _holds_tfds_dataset(tfds_name: str, directory: Path) -> bool:
    info = read_tfds_info(directory)
    return info is not None and info.get("name") == tfds_name
