"""Images in the groups that a network is run on."""

import math
import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from tqdm import tqdm

_SECONDS_BEFORE_PROGRESS = 5.0

_LARGE_IMAGE = 128 * 128
"""Pixels from which on a few images keep a CPU as busy as many do."""

_LARGE_AT_A_TIME = 8
"""Images of that size that are run at a time on a CPU (see docs/performance.md)."""


class ImageGroup(NamedTuple):
    """Images that are run at a time.

    Attributes:
        images: [size, H, W, 3]; where there are fewer, copies of the last fill up.
        labels: [size], likewise.
        count: The images that are no copies.
    """

    images: np.ndarray
    labels: np.ndarray
    count: int


def image_groups(
    batches: Iterable[tuple],
    batch_size: int,
    *,
    num_examples: int | None = None,
    description: str = "Evaluating",
) -> Iterator[ImageGroup]:
    """Regroups batches, and shows how far the loop over the groups has come.

    How convolutions and matrix products round depends on how many images they are
    given, and a decision that is close may then go the other way. On a CPU, images
    large enough that a few keep it busy therefore come eight at a time, in the order
    in which they come: the numbers are exactly the same whatever the batch size.
    Smaller images, and those for a GPU, come in batches.

    Args:
        batches: (images [B, H, W, 3], labels [B] integer), of any B.
        batch_size: Images of a group (see above), at least 1.
        num_examples: Images in all, for the progress bar that is shown where it takes
            more than a few seconds.
        description: What the progress bar calls the work.

    Yields:
        Groups of one size, so that one compiled program serves all.

    Example:
        >>> images, labels = np.zeros((3, 4, 4, 3)), np.arange(3)
        >>> [group.labels.tolist() for group in image_groups([(images, labels)], 2)]
        [[0, 1], [2, 2]]
    """
    with tqdm(
        total=num_examples,
        desc=description,
        unit=" images",
        delay=_SECONDS_BEFORE_PROGRESS,
        # In a log file, a line now and then.
        mininterval=0.5 if sys.stderr.isatty() else 60.0,
        leave=False,
    ) as progress:
        for images, labels in _regroup(batches, batch_size):
            size = _images_at_a_time(images, batch_size)
            yield ImageGroup(_fill(images, size), _fill(labels, size), len(labels))
            progress.update(len(labels))


def _regroup(batches: Iterable[tuple], batch_size: int) -> Iterator[tuple]:
    """Yields the images in groups of those run at a time; the last is smaller."""
    images = labels = None
    for more in batches:
        more_images, more_labels = map(np.asarray, more)
        if images is not None:
            more_images = np.concatenate([images, more_images])
            more_labels = np.concatenate([labels, more_labels])
        images, labels = more_images, more_labels
        size = _images_at_a_time(images, batch_size)
        while len(labels) >= size:
            yield images[:size], labels[:size]
            images, labels = images[size:], labels[size:]
    if labels is not None and len(labels):
        yield images, labels


def _images_at_a_time(images: np.ndarray, batch_size: int) -> int:
    on_cpu = not tf.config.list_physical_devices("GPU")
    large = math.prod(images.shape[1:3]) >= _LARGE_IMAGE
    return _LARGE_AT_A_TIME if on_cpu and large else batch_size


def _fill(values: np.ndarray, size: int) -> np.ndarray:
    filling = [(0, size - len(values))] + [(0, 0)] * (values.ndim - 1)
    return np.pad(values, filling, mode="edge")
