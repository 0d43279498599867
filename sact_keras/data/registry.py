"""Opens a data set by its name."""

import functools
from collections.abc import Callable

from sact_keras.data.choice import DATASET_NAMES
from sact_keras.data.cifar import open_cifar
from sact_keras.data.image_dataset import ImageDataset
from sact_keras.data.imagenet import open_imagenet
from sact_keras.data.shapes import ShapesDataset

_OPENERS: dict[str, Callable[[str | None], ImageDataset]] = {
    "cifar10": functools.partial(open_cifar, "cifar10"),
    "cifar100": functools.partial(open_cifar, "cifar100"),
    "imagenet": open_imagenet,
    "shapes": lambda dataset_dir: ShapesDataset(),
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
        name: "cifar10", "cifar100", "imagenet" or "shapes".
        dataset_dir: the directory that holds the data set, in TFDS's format or
            TF-Slim's; None means the usual places. "shapes" has no files and ignores
            it.
        image_size: the height and width that ImageNet's images are resized to, in
            pixels; None means 224. The other data sets have images of one size.
        background: whether ImageNet's class 0 is the background, as the networks of
            1001 classes have it; otherwise its 1000 classes count from 0. The other
            data sets have no background and do not take False.
        skip_bad_records: whether ImageNet's bad records are passed over, and counted,
            rather than errors. The other data sets are small enough to be whole.

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
    opener = _OPENERS[name]
    if name == "imagenet":
        opener = functools.partial(
            opener,
            image_size=image_size,
            background=background,
            skip_bad_records=skip_bad_records,
        )
    elif image_size is not None:
        raise ValueError(
            f"`image_size` is only for imagenet, {name} has images of one size. "
            f"Received: image_size={image_size!r}"
        )
    elif not background:
        raise ValueError(
            f"`background` is only for imagenet, {name} has no background class. "
            f"Received: background={background!r}"
        )
    elif skip_bad_records:
        raise ValueError(
            f"`skip_bad_records` is only for imagenet, not for {name}. "
            f"Received: skip_bad_records={skip_bad_records!r}"
        )
    return opener(dataset_dir)
