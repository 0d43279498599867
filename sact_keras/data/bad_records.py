"""Finds out which record a stream failed on, or does without the bad ones."""

import functools
import itertools
import threading
from collections.abc import Callable

import numpy as np
import tensorflow as tf
from absl import logging

from sact_keras.data.dataset_error import DatasetError
from sact_keras.data.image_records import RecordFeatures, read_record
from sact_keras.data.record_diagnosis import describe_fault
from sact_keras.data.record_index import RecordIndex


class BadRecords:
    """Watches over the records of a split while batches are made of them.

    Inside of tf.data an operation fails without saying on which record. Python, slow
    as it is, is only called once something has failed: it reads the record again to
    say what is wrong with it.

    Args:
        index: where the records are.
        features: what each should hold.
        skip: whether to do without bad records. Otherwise a stream that meets one ends
            in a `tf.errors.OpError`.

    Attributes:
        skipped: the bad records that were left out or replaced, each once, in the
            order in which they were met.
    """

    def __init__(
        self, index: RecordIndex, features: RecordFeatures, *, skip: bool
    ) -> None:
        self.skipped: list[DatasetError] = []
        self._index = index
        self._features = features
        self._skip = skip
        # Of each stream that has ended, where, and why.
        self._faults: dict[int, tuple[int, DatasetError]] = {}
        self._streams = itertools.count()
        self._diagnoses: dict[int, DatasetError | None] = {}
        self._met: set[int] = set()
        # Several threads meet bad records at a time.
        self._lock = threading.RLock()
        for fault in index.faults:
            self._report(fault)

    @property
    def fault(self) -> DatasetError | None:
        """The first bad record of the last stream that has ended; None if none has."""
        with self._lock:
            return self._faults[max(self._faults)][1] if self._faults else None

    def batch(
        self, elements: tf.data.Dataset, batch_size: int, total: int
    ) -> tf.data.Dataset:
        """Makes batches of what has been made of the records from 0 to `total`.

        Args:
            elements: of (int64 number of the record, ...), in the order of the
                numbers; errors in place of those that cannot be made.
            batch_size: elements a batch; the last may be smaller.
            total: the number of elements.

        Returns:
            The batches, without the numbers.
        """
        miss = functools.partial(self._miss, next(self._streams))

        @tf.autograph.experimental.do_not_convert
        def check(
            expected: tf.Tensor, batch: tuple[tf.Tensor, ...]
        ) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
            numbers, *rest = batch
            following = numbers[-1] + 1
            # Numbers only grow: if they are as many as they should be, all are there.
            is_complete = following - expected == tf.size(numbers, tf.int64)
            checked = tf.cond(
                is_complete,
                lambda: is_complete,
                lambda: tf.numpy_function(miss, [expected, numbers], tf.bool),
            )
            with tf.control_dependencies([checked]):
                return following, tuple(tf.identity(part) for part in rest)

        @tf.autograph.experimental.do_not_convert
        def is_filled(*parts: tf.Tensor) -> tf.Tensor:
            return tf.shape(parts[0])[0] > 0

        specs = elements.element_spec[1:]
        nothing = [tf.zeros([0, *spec.shape], spec.dtype) for spec in specs]
        # Shows what is missing at the end.
        end = tf.data.Dataset.from_tensors((tf.constant([total], tf.int64), *nothing))
        batches = elements.ignore_errors().batch(batch_size).concatenate(end)
        checked = batches.scan(tf.constant(0, tf.int64), check)
        return checked.filter(is_filled)

    def make(
        self,
        step: tf.Tensor,
        numbers: tf.Tensor,
        make_batch: Callable[[tf.Tensor], tf.data.Dataset],
    ) -> tuple[tf.Tensor, ...]:
        """Makes a training batch; replaces bad records by the next good ones.

        Args:
            step: int64 scalar: the step of which the batch is.
            numbers: int64 `[batch_size]`: the records.
            make_batch: from the numbers of records to a data set of the one batch of
                them, which fails if one of them is bad.
        """
        mend = functools.partial(self._mend, next(self._streams))

        @tf.autograph.experimental.do_not_convert
        def make_mended(step: tf.Tensor, numbers: tf.Tensor) -> tf.data.Dataset:
            mended = tf.numpy_function(mend, [step, numbers], tf.int64)
            return make_batch(tf.ensure_shape(mended, numbers.shape))

        attempt = make_batch(numbers).ignore_errors()
        instead = tf.data.Dataset.from_tensors((step, numbers)).flat_map(make_mended)
        return attempt.concatenate(instead).take(1).get_single_element()

    def _miss(self, stream: int, expected: np.ndarray, numbers: np.ndarray) -> np.bool_:
        """Says why numbers are missing between the one expected and the last one."""
        with self._lock:
            if stream in self._faults:  # It goes on a while behind where it failed.
                raise self._faults[stream][1]
            for number in sorted({*range(expected, numbers[-1])} - {*numbers.tolist()}):
                fault = self._diagnose(number) or self._error_at(
                    number, "it could not be read once, and can be now"
                )
                self._meet(stream, number, number, fault)
        return np.True_

    def _mend(self, stream: int, step: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """Returns the numbers with each bad one replaced by the next good one."""
        with self._lock:
            good = (self._next_good(stream, int(step), n) for n in numbers.tolist())
            return np.fromiter(good, np.int64, len(numbers))

    def _next_good(self, stream: int, step: int, number: int) -> int:
        size = len(self._index)
        for candidate in itertools.chain(range(number, size), range(number)):
            fault = self._diagnose(candidate)
            if fault is None:
                return candidate
            self._meet(stream, step, candidate, fault)
        raise DatasetError(f"all {size} records are bad", path=self._index.files[0])

    def _meet(self, stream: int, place: int, number: int, fault: DatasetError) -> None:
        """Reports a bad record the first time, or ends the stream."""
        # A file that has gone is not to be trained without.
        if not self._skip or fault.record is None:
            # Steps are made at the same time, and may fail in any order.
            if place < self._faults.get(stream, (place + 1,))[0]:
                self._faults[stream] = (place, fault)
            raise fault
        if number not in self._met:
            self._met.add(number)
            self._report(fault)

    def _report(self, fault: DatasetError) -> None:
        logging.warning("Skipped: %s", fault)
        self.skipped.append(fault)

    def _diagnose(self, number: int) -> DatasetError | None:
        """Says what is wrong with a record, or with its file: that has no record."""
        if number not in self._diagnoses:
            path, _ = self._index.place(number)
            try:
                path.open("rb").close()
            except OSError as error:
                # Not to be remembered: it may come back.
                return DatasetError(f"cannot be read: {error.strerror}", path=path)
            message = self._describe(number)
            self._diagnoses[number] = message and self._error_at(number, message)
        return self._diagnoses[number]

    def _describe(self, number: int) -> str | None:
        try:
            serialized = read_record(self._index, tf.constant(number, tf.int64))
        except tf.errors.OpError:
            return "the record is corrupt or cut short (its checksum is wrong)"
        return describe_fault(serialized.numpy(), self._features)

    def _error_at(self, number: int, message: str) -> DatasetError:
        path, record = self._index.place(number)
        return DatasetError(message, path=path, record=record)
