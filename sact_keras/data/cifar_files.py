"""Finds CIFAR-10 and CIFAR-100 on disk, in either format, without TensorFlow."""

from pathlib import Path

from sact_keras.data.dataset_files import (
    DatasetFiles,
    find_files,
    search_directories,
)


def slim_file(name: str, split: str, directory: Path) -> Path:
    """Returns the path of a split's TFRecord in TF-Slim's naming."""
    return directory / f"{name}_{split}.tfrecord"


def find_cifar(name: str, dataset_dir: str | None = None) -> DatasetFiles | None:
    """Looks for CIFAR on disk, as `find_files` does.

    TF-Slim's files are `cifar10_train.tfrecord` and `cifar10_test.tfrecord`.

    Args:
        name: "cifar10" or "cifar100".
        dataset_dir: the one directory to look in; None means the usual places.

    Returns:
        The place, or None if it is in none of the directories.

    Raises:
        DatasetError: if a directory or a `dataset_info.json` on the way cannot be
            read.
    """

    def holds_slim(directory: Path) -> bool:
        splits = (slim_file(name, split, directory) for split in ("train", "test"))
        return any(file.is_file() for file in splits)

    return find_files(name, dataset_dir, tfds_name=name, holds_slim=holds_slim)


def describe_search(name: str, dataset_dir: str | None) -> str:
    """Returns a sentence that says what was looked for, and where."""
    places = ", ".join(map(str, search_directories(name, dataset_dir)))
    return (
        f"Neither {name} as TFDS prepares it ({name}/<version>/dataset_info.json) nor "
        f"TF-Slim's {name}_train.tfrecord and {name}_test.tfrecord are in {places}"
    )
