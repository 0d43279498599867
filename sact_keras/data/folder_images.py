"""Reads labelled image files into memory, as upright squares of one size."""

import logging
import os
from collections.abc import Iterable, Sequence

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from sact_keras.data.dataset_error import DatasetError
from sact_keras.data.folder_files import LabelledFile
from sact_keras.data.in_memory_dataset import LabelledImages
from sact_keras.data.record_diagnosis import describe_image_fault
from sact_keras.data.upright_square import read_upright_square

logger = logging.getLogger(__name__)

_BATCH = 64
_SECONDS_BEFORE_PROGRESS = 3.0
_CPUS = os.cpu_count() or 1
_LISTED = 3  # How many of the bad files an error lists.


def read_folder_images(
    files: Sequence[LabelledFile],
    *,
    image_size: int,
    skip_bad_images: bool,
    description: str,
) -> tuple[LabelledImages, list[DatasetError]]:
    """Reads files on several threads, in their order.

    Each becomes the middle square of the image as it looks (`read_upright_square`).
    When it takes more than a few seconds and standard error is a terminal, a progress
    bar is shown.

    Args:
        files: the files, at least one.
        image_size: the height and width that the squares are resized to.
        skip_bad_images: whether files that cannot be decoded are left out.
        description: what is being read, for the progress bar.

    Returns:
        The images and labels, and what is wrong with each file that was left out.

    Raises:
        DatasetError: names the files that cannot be decoded, or the one that cannot be
            read; the latter whether or not bad ones are left out.
    """

    @tf.autograph.experimental.do_not_convert
    def decode(number: tf.Tensor, path: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return number, read_upright_square(tf.io.read_file(path), image_size)

    # Filled in place: what is large is held twice at most.
    images = np.empty((len(files), image_size, image_size, 3), np.uint8)
    is_good = np.zeros(len(files), bool)
    paths = tf.data.Dataset.from_tensor_slices([os.fsencode(f.path) for f in files])
    decoded = paths.enumerate().map(
        decode, num_parallel_calls=_CPUS, deterministic=False
    )
    with tqdm(
        total=len(files),
        desc=description,
        unit=" images",
        delay=_SECONDS_BEFORE_PROGRESS,
        disable=None,  # Unless standard error is a terminal.
    ) as progress:
        # Operations fail without saying on which file: it is the one that is missing.
        batches = decoded.ignore_errors().batch(_BATCH).prefetch(2)
        for numbers, batch in batches.as_numpy_iterator():
            images[numbers] = batch
            is_good[numbers] = True
            progress.update(len(numbers))
    bad = [files[number] for number in np.flatnonzero(~is_good)]
    faults = [_diagnose(file) for file in bad]
    if faults and not skip_bad_images:
        raise _all_in_one(faults)
    for fault in faults:
        logger.warning("Skipped: %s", fault)
    labels = np.array([file.label for file in files], np.int32)
    if faults:
        images, labels = images[is_good], labels[is_good]
    return LabelledImages(tf.constant(images), tf.constant(labels)), faults


def _diagnose(file: LabelledFile) -> DatasetError:
    """Says why a file could not be decoded; raises where it cannot be read at all."""
    try:
        encoded = file.path.read_bytes()
    except OSError as error:
        raise DatasetError(
            f"cannot be read: {error.strerror}", path=file.path
        ) from error
    message = describe_image_fault(encoded)
    return DatasetError(
        message or "it could not be decoded once, and can be now", path=file.path
    )


def _all_in_one(faults: Sequence[DatasetError]) -> DatasetError:
    """The first of the faults, with the names of some more."""
    first, *others = faults
    if not others:
        return first
    shown = _names(fault.path for fault in others[:_LISTED])
    more = f" and {len(others) - _LISTED} more" if others[_LISTED:] else ""
    message = str(first).removeprefix(f"{first.path}: ")
    return DatasetError(
        f"{message}; nor can be decoded: {shown}{more}", path=first.path
    )


def _names(paths: Iterable[str | None]) -> str:
    return ", ".join(str(path) for path in paths)
