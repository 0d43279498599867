"""Which rows of a batch a micro batch has, on however many processes."""

import numpy as np
import pytest
import tensorflow as tf

from sact_keras.data.batch_part import rows_of_part
from sact_keras.training.distribution.batches import distribute_batches
from sact_keras.training.distribution.distribution import Distribution


def micro_batches(labels, count):
    batches = tf.data.Dataset.from_tensors((tf.zeros((len(labels), 2, 2, 3)), labels))
    made = distribute_batches(batches, Distribution(), count)
    return [part.numpy() for _, part in made]


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_a_micro_batch_has_the_same_rows_on_any_number_of_processes(workers):
    rows = tf.range(24)
    parts = [rows[rows_of_part((index, workers), 24)] for index in range(workers)]
    made = [micro_batches(part, 4) for part in parts]
    together = [np.sort(np.concatenate(each)) for each in zip(*made, strict=True)]
    np.testing.assert_array_equal(together, np.arange(24).reshape(6, 4).T)
