"""Chooses the data set when none is named, without loading TensorFlow."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

from sact_keras.data.cifar_download import download_directory, find_download_obstacle
from sact_keras.data.cifar_files import describe_search, find_cifar
from sact_keras.data.dataset_error import DatasetError
from sact_keras.data.folder_files import holds_folder
from sact_keras.data.imagenet_files import find_imagenet

DATASET_NAMES = ("cifar10", "cifar100", "imagenet", "shapes", "folder")
"""The names that `open_dataset` and `--dataset` take."""


@dataclasses.dataclass(frozen=True)
class DatasetChoice:
    """The data set to use, and why.

    Attributes:
        name: one of `DATASET_NAMES`.
        dataset_dir: to be passed to `open_dataset` with the name.
        reason: a sentence for the user.
        is_fallback: whether the built-in data set stands in for CIFAR-10.
    """

    name: str
    dataset_dir: str | None
    reason: str
    is_fallback: bool


def choose_dataset(
    dataset: str | None,
    dataset_dir: str | None,
    *,
    find_obstacle: Callable[[str, Path], str | None] = find_download_obstacle,
) -> DatasetChoice:
    """Resolves an unset `--dataset`.

    CIFAR-10, if it is on disk or can be downloaded; or else, decided within about eight
    seconds, the built-in shapes. A directory that is named and holds ImageNet alone
    means ImageNet, and one with images in `train/<class>/` means these. A data set that
    is named is never replaced, and neither is one that was expected in a directory that
    is named.

    Args:
        dataset: one of `DATASET_NAMES`, or None.
        dataset_dir: where to look for CIFAR-10, ImageNet, or images in folders; None
            means the usual places, of CIFAR-10 alone.
        find_obstacle: replaces the check of the network and the disk, in tests.

    Raises:
        ValueError: for an unknown `dataset`.
        DatasetError: if `dataset_dir` is given, does not hold CIFAR-10 and cannot be
            filled with it.

    Example:
        >>> choose_dataset("shapes", None).is_fallback
        False
    """
    if dataset is not None:
        if dataset not in DATASET_NAMES:
            raise ValueError(
                f"`dataset` must be one of {', '.join(DATASET_NAMES)}. "
                f"Received: dataset={dataset!r}"
            )
        return DatasetChoice(dataset, dataset_dir, f"{dataset} was asked for", False)

    files = find_cifar("cifar10", dataset_dir)
    if files is not None:
        reason = f"cifar10 was found in {files.directory}"
        return DatasetChoice("cifar10", dataset_dir, reason, False)
    if dataset_dir is not None and (files := find_imagenet(dataset_dir)) is not None:
        reason = f"imagenet, and not cifar10, was found in {files.directory}"
        return DatasetChoice("imagenet", dataset_dir, reason, False)
    if dataset_dir is not None and holds_folder(dataset_dir):
        reason = f"a folder of images for each class was found in {dataset_dir}/train"
        return DatasetChoice("folder", dataset_dir, reason, False)
    directory = download_directory("cifar10", dataset_dir)
    obstacle = find_obstacle("cifar10", directory)
    if obstacle is None:
        reason = f"cifar10 will be downloaded into {directory}"
        return DatasetChoice("cifar10", dataset_dir, reason, False)
    explanation = (
        f"{describe_search('cifar10', dataset_dir)}, and it cannot be downloaded: "
        f"{obstacle}"
    )
    if dataset_dir is not None:
        raise DatasetError(explanation)
    return DatasetChoice("shapes", None, explanation, True)
