"""What every data set's batches, and their parts, are compared by."""

import numpy as np


def take(batches, count=-1):
    """The first so many batches, as arrays."""
    return [(images.numpy(), labels.numpy()) for images, labels in batches.take(count)]


def joined(batches):
    """Batches one after the other, as one."""
    return tuple(map(np.concatenate, zip(*batches, strict=True)))


def assert_same_batches(first, second):
    """Compares bit by bit."""
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])


def assert_parts_make_the_whole(dataset, count, rows, num_batches, **arguments):
    """Compares `count` parts of `rows` rows each with whole batches."""
    whole = take(dataset.training_batches(count * rows, **arguments), num_batches)
    parts = [
        dataset.training_batches(count * rows, **arguments, part=(index, count))
        for index in range(count)
    ]
    assert {part.element_spec[0].shape[0] for part in parts} == {rows}
    pieces = zip(*(take(part, num_batches) for part in parts), strict=True)
    assert_same_batches([joined(batch) for batch in pieces], whole)
