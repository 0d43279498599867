"""Finds out which record a stream failed on, or does without the bad ones."""

import threading
from collections.abc import Callable

import numpy as np
import tensorflow as tf
from absl import logging

from sact_keras.data.dataset_error import DatasetError
from sact_keras.data.image_records import RecordFeatures, read_record
from sact_keras.data.record_diagnosis import describe_fault
from sact_keras.data.record_index import RecordIndex

#: From the number of a record to what is made of it.
Load = Callable[[tf.Tensor], tuple[tf.Tensor, ...]]


class BadRecords:
    """Watches over the records of a split while batches are made of them.

    Inside of tf.data an operation fails without saying on which record. Python, slow
    as it is, is only called once something has failed: it reads the record again to
    say what is wrong with it.

    Args:
        index: where the records are.
        features: what each should hold.

    Attributes:
        fault: what ended a stream of `require_all`, None if nothing did.
        skipped: the bad records that were left out or replaced, each once, in the
            order in which they were met.
    """

    def __init__(self, index: RecordIndex, features: RecordFeatures) -> None:
        self.fault: DatasetError | None = None
        self.skipped: list[DatasetError] = []
        self._index = index
        self._features = features
        self._diagnoses: dict[int, DatasetError | None] = {}
        # Several threads meet bad records at a time.
        self._lock = threading.RLock()
        for fault in index.faults:
            self._report(fault)

    def require_all(
        self,
        elements: tf.data.Dataset,
        batch_size: int,
        *,
        first: int,
        total: int | None,
        number_at: Callable[[int], int],
    ) -> tf.data.Dataset:
        """Makes batches of elements as long as none is missing.

        Args:
            elements: of (int64 position, ...), in the order of their positions; those
                that cannot be made are errors.
            batch_size: elements a batch; the last may be smaller.
            first: the first position.
            total: the position after the last one; None if there is no last one.
            number_at: the number of the record at a position.

        Returns:
            The batches without the positions. Where an element is missing, they end in
            a `tf.errors.OpError`, and `fault` says why.
        """

        def fail(expected: np.ndarray, positions: np.ndarray) -> np.bool_:
            found = np.arange(expected, expected + len(positions)) == positions
            missing = expected + (len(found) if found.all() else int(found.argmin()))
            number = number_at(int(missing))
            with self._lock:
                self.fault = self._diagnose(number) or self._passing_error(number)
                raise self.fault

        def check(
            expected: tf.Tensor, batch: tuple[tf.Tensor, ...]
        ) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
            positions, *rest = batch
            following = expected + batch_size
            if total is not None:
                following = tf.minimum(following, total)
            # Positions only grow: if the last and their number are right, all are.
            is_complete = (positions[-1] == following - 1) & (
                tf.size(positions, tf.int64) == following - expected
            )
            checked = tf.cond(
                is_complete,
                lambda: is_complete,
                lambda: tf.numpy_function(fail, [expected, positions], tf.bool),
            )
            with tf.control_dependencies([checked]):
                return following, tuple(tf.identity(part) for part in rest)

        batches = elements.ignore_errors().batch(
            batch_size, drop_remainder=total is None
        )
        if total is not None:
            # What is seen to come too early if the last batches are missing whole.
            end = [
                tf.zeros([1, *spec.shape], spec.dtype) for spec in elements.element_spec
            ]
            end[0] += total
            batches = batches.concatenate(tf.data.Dataset.from_tensors(tuple(end)))
        checked = batches.scan(tf.constant(first, tf.int64), check)
        if total is None:
            return checked.apply(
                tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY)
            )
        num_batches = -(-(total - first) // batch_size)
        return checked.take(num_batches).apply(
            tf.data.experimental.assert_cardinality(num_batches)
        )

    def leave_out(self, number: tf.Tensor, load: Load) -> tuple[tf.Tensor, ...]:
        """Makes something of a record, and tells whether it is good.

        Args:
            number: int64 scalar: which record.
            load: what to make of it; fails if it is bad.

        Returns:
            True and what `load` returns, or False and zeros.
        """
        once = tf.data.Dataset.from_tensors(number)
        loaded = once.map(lambda number: (tf.constant(True), *load(number)))

        def give_up(number: tf.Tensor) -> tuple[tf.Tensor, ...]:
            is_good = tf.numpy_function(self._skip, [number], tf.bool)
            specs = loaded.element_spec[1:]
            zeros = [tf.zeros(spec.shape, spec.dtype) for spec in specs]
            return tf.ensure_shape(is_good, []), *zeros

        return _first(loaded, once.map(give_up))

    def replace(self, number: tf.Tensor, load: Load) -> tuple[tf.Tensor, ...]:
        """Makes something of a record, or of the next good one if it is bad.

        Args:
            number: int64 scalar: which record.
            load: what to make of it; fails if it is bad.

        Returns:
            What `load` returns.
        """

        def load_next_good(number: tf.Tensor) -> tuple[tf.Tensor, ...]:
            good = tf.numpy_function(self._next_good, [number], tf.int64)
            return load(tf.ensure_shape(good, []))

        once = tf.data.Dataset.from_tensors(number)
        return _first(once.map(load), once.map(load_next_good))

    def _skip(self, number: np.ndarray) -> np.bool_:
        with self._lock:
            fault = self._diagnose_once(int(number))
            if fault is None:
                raise self._passing_error(int(number))
        return np.False_

    def _next_good(self, number: np.ndarray) -> np.int64:
        size = len(self._index)
        with self._lock:
            for step in range(size):
                candidate = (int(number) + step) % size
                if self._diagnose_once(candidate) is None:
                    return np.int64(candidate)
        raise DatasetError(f"all {size} records are bad", path=self._index.files[0])

    def _diagnose_once(self, number: int) -> DatasetError | None:
        """Says what is wrong with a record, and reports it the first time."""
        if number not in self._diagnoses:
            fault = self._diagnose(number)
            if fault is not None:
                self._report(fault)
            self._diagnoses[number] = fault
        return self._diagnoses[number]

    def _report(self, fault: DatasetError) -> None:
        logging.warning("Skipped: %s", fault)
        self.skipped.append(fault)

    def _diagnose(self, number: int) -> DatasetError | None:
        try:
            serialized = read_record(self._index, tf.constant(number, tf.int64))
        except tf.errors.OpError:
            message = "the record is corrupt or cut short (its checksum is wrong)"
        else:
            message = describe_fault(serialized.numpy(), self._features)
        return None if message is None else self._error_at(number, message)

    def _passing_error(self, number: int) -> DatasetError:
        return self._error_at(number, "it could not be read once, and can be now")

    def _error_at(self, number: int, message: str) -> DatasetError:
        path, record = self._index.place(number)
        return DatasetError(message, path=path, record=record)


def _first(attempt: tf.data.Dataset, instead: tf.data.Dataset) -> tuple[tf.Tensor, ...]:
    """Returns the one element of a dataset, or of another if the first fails."""
    either = attempt.ignore_errors().concatenate(instead).take(1)
    return either.get_single_element()
