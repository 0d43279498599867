"""Reads records of an encoded image and its label, without a detour by Python."""

import dataclasses

import numpy as np
import tensorflow as tf

from sact_keras.data.record_index import RecordIndex


@dataclasses.dataclass(frozen=True)
class RecordFeatures:
    """The names of what a record holds.

    Attributes:
        image: of the encoded image.
        labels: of the label: the first value of the first that a record has.
        first_label: the smallest label.
        first_class: the class that the smallest label means; the next means the next.
        num_labels: the number of labels.
        boxes: of the top, left, bottom and right edges of the objects; records
            without them, or without objects, are as good.
    """

    image: str
    labels: tuple[str, ...]
    first_label: int
    first_class: int
    num_labels: int
    boxes: tuple[str, ...] = ()

    @property
    def last_label(self) -> int:
        """The largest label."""
        return self.first_label + self.num_labels - 1

    def parse(self, serialized: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Takes a record apart; an operation fails where something is wrong with it.

        Args:
            serialized: string scalar, a `tf.train.Example`.

        Returns:
            The encoded image, a string scalar, and the class, an int32 scalar.
        """
        parsed = self._parse(serialized, dict.fromkeys(self.labels, tf.int64))
        labels = tf.concat([parsed[name] for name in self.labels], axis=0)
        # Gathering is also what refuses a label outside the classes.
        classes = tf.range(self.first_class, self.first_class + self.num_labels)
        return parsed[self.image], tf.gather(classes, labels[0] - self.first_label)

    def parse_boxes(self, serialized: tf.Tensor) -> tf.Tensor:
        """Returns a record's boxes, float32 `[n, 4]`."""
        if not self.boxes:
            return tf.zeros([0, 4])
        parsed = self._parse(serialized, dict.fromkeys(self.boxes, tf.float32))
        return tf.stack([parsed[name] for name in self.boxes], axis=-1)

    def _parse(
        self, serialized: tf.Tensor, lists: dict[str, tf.DType]
    ) -> dict[str, tf.Tensor]:
        features = {self.image: tf.io.FixedLenFeature([], tf.string)}
        for name, kind in lists.items():
            features[name] = tf.io.FixedLenSequenceFeature([], kind, allow_missing=True)
        return tf.io.parse_single_example(serialized, features)


def read_record(index: RecordIndex, number: tf.Tensor) -> tf.Tensor:
    """Reads one record; fails where its checksum is wrong.

    Args:
        index: where the records are.
        number: int64 scalar: which of them.

    Returns:
        The serialized record, a string scalar.
    """
    files = tf.constant([str(path) for path in index.files])
    variant = tf.raw_ops.TFRecordDatasetV2(
        filenames=tf.gather(files, tf.gather(index.shards, number))[tf.newaxis],
        compression_type="",
        buffer_size=0,  # Nothing is read beyond the record.
        byte_offsets=tf.gather(index.offsets, number)[tf.newaxis],
    )
    # As operations: the methods of `tf.data.Dataset` cost several times as much.
    signature = {"output_types": [tf.string], "output_shapes": [[]]}
    first = tf.raw_ops.TakeDataset(input_dataset=variant, count=1, **signature)
    (record,) = tf.raw_ops.DatasetToSingleElement(dataset=first, **signature)
    return record


def read_in_order(index: RecordIndex) -> tf.data.Dataset:
    """Reads all records of the files from their first to their last.

    A damaged record is an error of the dataset, after which it goes on with the next
    file: the numbers tell what was left out.

    Args:
        index: where the records are.

    Returns:
        A dataset of (int64 scalar: the record's number in `index`, string scalar: the
        serialized record).
    """
    bounds = np.searchsorted(index.shards, np.arange(len(index.files) + 1))
    paths = tf.constant([str(path) for path in index.files])

    @tf.autograph.experimental.do_not_convert
    def open_file(path: tf.Tensor, start: tf.Tensor, end: tf.Tensor) -> tf.data.Dataset:
        # As many numbers as records: a file that has gone is an error each time that
        # it is asked for a record, without an end.
        numbers = tf.data.Dataset.range(start, end)
        return tf.data.Dataset.zip((numbers, tf.data.TFRecordDataset(path)))

    places = (paths, bounds[:-1], bounds[1:])
    return tf.data.Dataset.from_tensor_slices(places).flat_map(open_file)
