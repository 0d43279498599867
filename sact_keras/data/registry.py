"""Opens a data set by its name."""

import functools
from collections.abc import Callable

from sact_keras.data.choice import DATASET_NAMES
from sact_keras.data.cifar import open_cifar
from sact_keras.data.folder import open_folder
from sact_keras.data.image_dataset import ImageDataset
from sact_keras.data.imagenet import open_imagenet
from sact_keras.data.shapes import ShapesDataset

_OPENERS: dict[str, Callable[..., ImageDataset]] = {
    "cifar10": functools.partial(open_cifar, "cifar10"),
    "cifar100": functools.partial(open_cifar, "cifar100"),
    "imagenet": open_imagenet,
    "shapes": lambda dataset_dir: ShapesDataset(),
    "folder": open_folder,
}

# Option -> the data sets that take it, and why others do not.
_OPTIONS = {
    "image_size": (("imagenet", "folder"), "{} has images of one size"),
    "background": (("imagenet",), "{} has no background class"),
    "skip_bad_records": (("imagenet", "folder"), "{} is small enough to be whole"),
}


def open_dataset(
    name: str,
    dataset_dir: str | None = None,
    *,
    image_size: int | None = None,
    background: bool = True,
    skip_bad_records: bool = False,
) -> ImageDataset:
    """Opens a data set; CIFAR, if it is not on disk, is downloaded.

    Args:
        name: "cifar10", "cifar100", "imagenet", "shapes" or "folder".
        dataset_dir: the directory that holds the data set, in TFDS's format or
            TF-Slim's; None means the usual places. "shapes" has no files and ignores
            it. Of "folder" it is the folder of images, and must be given.
        image_size: the height and width that the images of ImageNet and of a folder are
            resized to, in pixels; None means 224 and 32. The other data sets have
            images of one size.
        background: whether ImageNet's class 0 is the background, as the networks of
            1001 classes have it; otherwise its 1000 classes count from 0. The other
            data sets have no background and do not take False.
        skip_bad_records: whether bad records of ImageNet, and images of a folder that
            cannot be decoded, are passed over, and counted, rather than errors. The
            other data sets are small enough to be whole.

    Raises:
        ValueError: for an unknown name, or an argument that the data set does not
            take.
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
    given = {
        "image_size": (image_size, None),
        "background": (background, True),
        "skip_bad_records": (skip_bad_records, False),
    }
    taken = {}
    for option, (value, default) in given.items():
        takers, reason = _OPTIONS[option]
        if name in takers:
            taken[option] = value
        elif value != default:
            raise ValueError(
                f"`{option}` is only for {' and '.join(takers)}, "
                f"{reason.format(name)}. Received: {option}={value!r}"
            )
    return _OPENERS[name](dataset_dir, **taken)
