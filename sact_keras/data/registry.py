"""Opens a data set by its name."""

import functools
from collections.abc import Callable

from sact_keras.data.choice import DATASET_NAMES
from sact_keras.data.cifar import open_cifar
from sact_keras.data.image_dataset import ImageDataset
from sact_keras.data.shapes import ShapesDataset

_OPENERS: dict[str, Callable[[str | None], ImageDataset]] = {
    "cifar10": functools.partial(open_cifar, "cifar10"),
    "cifar100": functools.partial(open_cifar, "cifar100"),
    "shapes": lambda dataset_dir: ShapesDataset(),
}


def open_dataset(name: str, dataset_dir: str | None = None) -> ImageDataset:
    """Opens a data set; one that is not on disk is downloaded.

    Args:
        name: "cifar10", "cifar100" or "shapes".
        dataset_dir: the directory that holds the data set, in TFDS's format or
            TF-Slim's; None means the usual places. "shapes" has no files and ignores
            it.

    Raises:
        ValueError: for an unknown name.
        DatasetError: if the data set is neither found nor can be downloaded, or if
            what is found cannot be opened.

    Example:
        >>> dataset = open_dataset("shapes")
        >>> images, labels = next(iter(dataset.training_batches(8, seed=0)))
        >>> images.shape, labels.shape
        (TensorShape([8, 32, 32, 3]), TensorShape([8]))
    """
    if name not in _OPENERS:
        raise ValueError(
            f"`name` must be one of {', '.join(DATASET_NAMES)}. Received: name={name!r}"
        )
    return _OPENERS[name](dataset_dir)
