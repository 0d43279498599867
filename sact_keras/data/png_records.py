"""Reads images stored as PNG in record files, checking every record."""

import dataclasses
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from sact_keras.data.dataset_error import DatasetError
from sact_keras.data.image_decoding import (
    drop_if_too_large,
    is_too_large,
    read_image_size,
)
from sact_keras.data.in_memory_dataset import LabelledImages
from sact_keras.data.record_index import index_records

_BATCH = 500
_SECONDS_BEFORE_PROGRESS = 3.0

# TensorFlow quotes the bytes of a record that it cannot parse in its message, and
# trips over them itself where they are not UTF-8.
_READ_ERRORS = (tf.errors.OpError, UnicodeDecodeError)


@dataclasses.dataclass(frozen=True)
class RecordFile:
    """A file of records, each an encoded image and its label.

    Attributes:
        path: of the file.
        open_records: returns the file's records in their order, as a dataset of
            (string scalar, int64 scalar).
    """

    path: Path
    open_records: Callable[[], tf.data.Dataset]


def read_png_records(
    files: Sequence[RecordFile],
    *,
    image_size: tuple[int, int],
    num_classes: int,
    description: str,
    num_records: int | None = None,
) -> LabelledImages:
    """Reads and decodes all records of some files, in order.

    When it takes more than a few seconds and standard error is a terminal, a
    progress bar is shown.

    Args:
        files: the files, at least one.
        image_size: the height and width that every image must have.
        num_classes: labels must be in `[0, num_classes)`.
        description: what is being read, for the progress bar.
        num_records: in all files, for the progress bar.

    Returns:
        All images and labels.

    Raises:
        DatasetError: names the file and the record that is corrupt, cut short,
            without a feature, of another size or of a label outside the classes.
    """
    images: list[np.ndarray] = []
    labels: list[np.ndarray] = []
    with tqdm(
        total=num_records,
        desc=description,
        unit=" images",
        delay=_SECONDS_BEFORE_PROGRESS,
        disable=None,  # Unless standard error is a terminal.
    ) as progress:
        for file in files:
            for image_batch, label_batch in _read_file(file, image_size, num_classes):
                images.append(image_batch)
                labels.append(label_batch)
                progress.update(len(label_batch))
    return LabelledImages(
        tf.constant(np.concatenate(images)),
        tf.constant(np.concatenate(labels).astype(np.int32)),
    )


def count_records(file: RecordFile) -> int:
    """Returns the number of records in a file, having read it.

    Raises:
        DatasetError: names the file and its first record that cannot be read.
    """
    _check_lengths(file)
    try:
        return int(file.open_records().reduce(np.int64(0), lambda n, *_: n + 1))
    except _READ_ERRORS as error:
        raise _locate_fault(file, error) from error


def _read_file(
    file: RecordFile, image_size: tuple[int, int], num_classes: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields batches of checked images and labels."""

    @tf.autograph.experimental.do_not_convert
    def decode(encoded: tf.Tensor, label: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        image = tf.io.decode_png(drop_if_too_large(encoded))
        return tf.ensure_shape(image, [*image_size, 3]), label

    if not file.path.is_file():
        raise DatasetError("the file is missing", path=file.path)
    _check_lengths(file)
    record = 0
    try:
        decoded = file.open_records().map(decode, num_parallel_calls=tf.data.AUTOTUNE)
        for images, labels in decoded.batch(_BATCH).prefetch(2).as_numpy_iterator():
            outside = (labels < 0) | (labels >= num_classes)
            if outside.any():
                first = int(outside.argmax())
                message = _describe_label(labels[first], num_classes)
                raise DatasetError(message, path=file.path, record=record + first)
            yield images, labels
            record += len(labels)
    except _READ_ERRORS as error:
        raise _locate_fault(file, error, image_size, num_classes) from error


def _check_lengths(file: RecordFile) -> None:
    """Refuses a file in which a record does not end.

    TensorFlow takes the memory that a record's length states, and where there is not
    so much, the program ends by a segmentation fault.
    """
    index_records([file.path], description=f"Looking up the records of {file.path}")


def _locate_fault(
    file: RecordFile,
    error: Exception,
    image_size: tuple[int, int] | None = None,
    num_classes: int | None = None,
) -> DatasetError:
    """Finds the record at fault, by reading one at a time.

    Batches and threads are what makes reading fast, and what loses the number of the
    record that failed: only after a failure is the file read again slowly.
    """
    record = 0
    try:
        for encoded, label in file.open_records():
            message = None
            if num_classes is not None and not 0 <= label < num_classes:
                message = _describe_label(label, num_classes)
            elif image_size is not None:
                message = _describe_image(encoded, image_size)
            if message is not None:
                return DatasetError(message, path=file.path, record=record)
            record += 1
    except _READ_ERRORS as fault:
        return DatasetError(_describe(fault), path=file.path, record=record)
    # It failed once and not again: all there is to say is what was said then.
    return DatasetError(_describe(error), path=file.path)


def _describe_label(label: int, num_classes: int) -> str:
    return f"the label is {int(label)}, outside the classes 0 to {num_classes - 1}"


def _describe_image(encoded: tf.Tensor, image_size: tuple[int, int]) -> str | None:
    """Returns what is wrong with an image that can be decoded."""
    size = read_image_size(encoded)
    if is_too_large(size):
        return "the image is of {} x {} pixels".format(*size.numpy())
    shape = tuple(tf.io.decode_png(encoded).shape)
    if shape == (*image_size, 3):
        return None
    return f"the image is of shape {shape}, not {(*image_size, 3)}"


def _describe(error: Exception) -> str:
    """Returns TensorFlow's message without the names of its graph nodes."""
    if isinstance(error, UnicodeDecodeError):
        return "the record is not a tf.train.Example"
    message = re.sub(r"\{\{.*?\}\}|\[\[.*?\]\]|\[Op:.*", "", error.message, flags=re.S)
    # "Error in user-defined function passed to ... transformation with iterator: ..."
    message = re.sub(r"^\s*Error in .*?Iterator::\S+ ", "", message)
    message = " ".join(message.split())
    if isinstance(error, tf.errors.DataLossError):
        return f"the record is corrupt or cut short ({message})"
    return message
