"""Reads images stored as PNG in record files, checking every record."""

import dataclasses
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from sact_keras.data.dataset_error import DatasetError
from sact_keras.data.in_memory_dataset import LabelledImages

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
    try:
        return int(file.open_records().reduce(np.int64(0), lambda n, *_: n + 1))
    except _READ_ERRORS as error:
        raise _locate_fault(file, None, error) from error


def _read_file(
    file: RecordFile, image_size: tuple[int, int], num_classes: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields batches of checked images and labels."""

    def decode(encoded: tf.Tensor, label: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        image = tf.io.decode_png(encoded)
        return tf.ensure_shape(image, [*image_size, 3]), label

    if not file.path.is_file():
        raise DatasetError("the file is missing", path=file.path)
    record = 0
    try:
        decoded = file.open_records().map(decode, num_parallel_calls=tf.data.AUTOTUNE)
        for images, labels in decoded.batch(_BATCH).prefetch(2).as_numpy_iterator():
            outside = (labels < 0) | (labels >= num_classes)
            if outside.any():
                first = int(outside.argmax())
                raise DatasetError(
                    f"the label is {labels[first]}, outside the classes 0 to "
                    f"{num_classes - 1}",
                    path=file.path,
                    record=record + first,
                )
            yield images, labels
            record += len(labels)
    except _READ_ERRORS as error:
        raise _locate_fault(file, image_size, error) from error
    if record == 0:
        raise DatasetError("the file holds no records", path=file.path)


def _locate_fault(
    file: RecordFile, image_size: tuple[int, int] | None, error: Exception
) -> DatasetError:
    """Finds the record at fault, by reading one at a time.

    Batches and threads are what makes reading fast, and what loses the number of the
    record that failed: only after a failure is the file read again slowly.
    """
    record = 0
    try:
        for encoded, _ in file.open_records():
            if image_size is not None:
                shape = tuple(tf.io.decode_png(encoded).shape)
                if shape != (*image_size, 3):
                    return DatasetError(
                        f"the image is of shape {shape}, not {(*image_size, 3)}",
                        path=file.path,
                        record=record,
                    )
            record += 1
    except _READ_ERRORS as fault:
        return DatasetError(_describe(fault), path=file.path, record=record)
    # It failed once and not again: all there is to say is what was said then.
    return DatasetError(_describe(error), path=file.path)


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
