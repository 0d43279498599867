"""Images of one's own, in a folder for each split and class."""

import functools
import math
import os
from collections.abc import Sequence

import numpy as np

from sact_keras.data.dataset_error import DatasetError
from sact_keras.data.folder_files import FolderFiles, find_folder
from sact_keras.data.folder_images import read_folder_images
from sact_keras.data.image_dataset import require_integer
from sact_keras.data.in_memory_dataset import InMemoryDataset, LabelledImages
from sact_keras.data.split_sizes import SplitSizes

_DEFAULT_IMAGE_SIZE = 32

MAX_MEMORY = 4 * 2**30
"""Bytes of the images of all splits that are held at a time."""


class FolderDataset(InMemoryDataset):
    """JPEG and PNG files of any size, a folder for each class.

    `find_folder` says where they lie. Each image is set upright as its Exif says,
    cropped in the middle to a square and resized; from there on it is treated as one of
    CIFAR. Each split is read whole, on several threads, on its first use.

    An image that cannot be decoded is an error that names its file. With
    `skip_bad_records` it is left out instead, and `skipped` lists it.

    Args:
        files: what `find_folder` returns.
        image_size: the height and width of the images, in pixels.
        skip_bad_records: whether images that cannot be decoded are left out.

    Example:
        >>> from PIL import Image
        >>> for split in ("train", "test"):
        ...     for name in ("daisy", "rose"):
        ...         os.makedirs(f"flowers/{split}/{name}")
        ...         Image.new("RGB", (60, 40)).save(f"flowers/{split}/{name}/1.jpg")
        >>> dataset = FolderDataset(find_folder("flowers"), image_size=24)
        >>> dataset.class_names, dataset.examples("train").images.shape
        (('daisy', 'rose'), TensorShape([2, 24, 24, 3]))
    """

    def __init__(
        self,
        files: FolderFiles,
        *,
        image_size: int = _DEFAULT_IMAGE_SIZE,
        skip_bad_records: bool = False,
    ) -> None:
        side = require_integer("image_size", image_size, minimum=1)
        super().__init__("folder", files.class_names, (side, side))
        self.splits = tuple(files.splits)
        if "test" not in self.splits and "validation" in self.splits:
            self.evaluation_split = "validation"
        self.skipped: Sequence[DatasetError] = []
        self._files = files
        self._skip_bad_records = skip_bad_records

    @functools.cached_property
    def num_examples(self) -> SplitSizes:
        """The number of images in each split that there is.

        Where bad ones are left out, asking for it reads the split.
        """
        return SplitSizes(self.splits, self._count)

    def _count(self, split: str) -> int:
        if self._skip_bad_records:
            return int(self.examples(split).labels.shape[0])
        return len(self._files.splits[split])

    def _read_split(self, split: str) -> LabelledImages:
        self._check_memory(split)
        examples, faults = read_folder_images(
            self._files.splits[split],
            image_size=self.image_size[0],
            skip_bad_images=self._skip_bad_records,
            description=f"Reading {self._files.directory} {split}",
        )
        self.skipped = [*self.skipped, *faults]
        if faults:
            self._check_classes_left(split, examples.labels.numpy())
        return examples

    def _check_memory(self, split: str) -> None:
        """Refuses what would fill the memory, before any of it is read."""
        # A training holds all splits, an evaluation the one that it is on.
        splits = self.splits if split == "train" else (split,)
        number = sum(len(self._files.splits[name]) for name in splits)
        size = number * math.prod(self.image_size) * 3
        if size > MAX_MEMORY:
            side = self.image_size[0]
            most = math.isqrt(MAX_MEMORY // (3 * number))
            raise DatasetError(
                f"{number:,} images of {side}x{side} pixels would take "
                f"{size / 2**30:.1f} GiB of memory, and are held in "
                f"{MAX_MEMORY / 2**30:g} at most: choose a smaller image size "
                f"(--image_size), of {most} or less",
                path=self._files.directory,
            )

    def _check_classes_left(self, split: str, labels: np.ndarray) -> None:
        """Refuses a split without good images, and a class without any to learn of."""
        lost = np.bincount(labels, minlength=self.num_classes) == 0
        if lost.all() or (split == "train" and lost.any()):
            first = self.class_names[int(lost.argmax())]
            raise DatasetError(
                f"no image of the class {first} in the split {split!r} can be decoded",
                path=self._files.directory,
            )


def open_folder(
    dataset_dir: str | os.PathLike[str] | None,
    *,
    image_size: int | None = None,
    skip_bad_records: bool = False,
) -> FolderDataset:
    """Opens a folder of images; see `find_folder` for what must be where.

    Args:
        dataset_dir: the folder, which must be given.
        image_size: the height and width of the images; None means 32.
        skip_bad_records: see `FolderDataset`.

    Raises:
        DatasetError: if it is not such a folder.
        ValueError: if there is no `dataset_dir`, or for an `image_size` that is not a
            positive integer.
    """
    if dataset_dir is None:
        raise ValueError(
            "`dataset_dir` must be the folder of the data set 'folder'. Received: "
            "dataset_dir=None"
        )
    return FolderDataset(
        find_folder(dataset_dir),
        image_size=_DEFAULT_IMAGE_SIZE if image_size is None else image_size,
        skip_bad_records=skip_bad_records,
    )
