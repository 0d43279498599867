"""The order of the examples, and that a stream can be opened anywhere."""

import itertools
import os
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from batch_parts import assert_parts_make_the_whole, assert_same_batches, take
from hypothesis import given, settings
from hypothesis import strategies as st

from sact_keras.data import PREPROCESSING
from sact_keras.data.in_memory_dataset import InMemoryDataset, LabelledImages
from sact_keras.data.shuffle import shuffled_indices


class NumberedDataset(InMemoryDataset):
    """Examples whose label is their number, and whose image is random."""

    def __init__(self, size):
        super().__init__("numbered", tuple(map(str, range(size))), (8, 8))
        self.splits_read = []

    @property
    def num_examples(self):
        return {"train": self.num_classes, "test": self.num_classes}

    def _read_split(self, split):
        self.splits_read.append(split)
        random = np.random.default_rng(len(split))
        images = random.integers(0, 256, (self.num_classes, 8, 8, 3), np.uint8)
        return LabelledImages(
            tf.constant(images), tf.range(self.num_classes, dtype=tf.int32)
        )


@pytest.fixture(scope="module")
def dataset():
    return NumberedDataset(50)


def labels_of(dataset, seed, batch_size=50, count=1):
    batches = dataset.training_batches(batch_size, seed=seed).take(count)
    return np.concatenate([labels.numpy() for _, labels in batches])


def test_training_batches_are_as_promised(dataset):
    batches = dataset.training_batches(8, seed=0)
    assert batches.cardinality() == tf.data.INFINITE_CARDINALITY
    assert batches.element_spec == (
        tf.TensorSpec([8, 8, 8, 3], tf.float32),
        tf.TensorSpec([8], tf.int32),
    )


@settings(max_examples=6, deadline=None)
@given(start_step=st.integers(0, 25), batch_size=st.integers(1, 120))
def test_stream_opened_at_a_step_continues_the_one_opened_at_0(
    dataset, start_step, batch_size
):
    whole = take(dataset.training_batches(batch_size, seed=5), start_step + 3)
    rest = dataset.training_batches(batch_size, seed=5, start_step=start_step)
    assert_same_batches(take(rest, 3), whole[start_step:])


@pytest.mark.slow
@settings(max_examples=4, deadline=None)
@given(
    count=st.integers(1, 5),
    rows=st.integers(1, 30),
    start_step=st.integers(0, 25),
    preprocessing=st.sampled_from(sorted(PREPROCESSING)),
)
def test_parts_make_the_whole_batch(dataset, count, rows, start_step, preprocessing):
    """Also where an epoch of 50 ends within a batch, or several do."""
    arguments = {"seed": 5, "start_step": start_step, "preprocessing": preprocessing}
    assert_parts_make_the_whole(dataset, count, rows, 3, **arguments)


def test_streams_of_one_seed_are_bit_identical(dataset):
    first, again = (take(dataset.training_batches(16, seed=1), 30) for _ in range(2))
    assert_same_batches(first, again)


def test_late_step_needs_no_running_start(dataset):
    step = 10**12
    later, last = take(dataset.training_batches(16, seed=1, start_step=step), 2)
    (alone,) = take(dataset.training_batches(16, seed=1, start_step=step + 1), 1)
    assert_same_batches([last], [alone])
    assert not np.array_equal(later[0], last[0])


@settings(max_examples=15, deadline=None)
@given(
    size=st.integers(1, 70),
    batch_size=st.integers(1, 150),
    seed=st.integers(0, 2**63 - 1),
)
def test_every_example_once_an_epoch(size, batch_size, seed):
    epochs = 4
    steps = -(-epochs * size // batch_size)
    order = np.concatenate(
        [
            shuffled_indices(tf.constant(step, tf.int64), batch_size, size, seed)
            for step in range(steps)
        ]
    )
    for epoch in range(epochs):
        part = order[epoch * size : (epoch + 1) * size]
        assert sorted(part) == list(range(size))


def test_each_epoch_and_each_seed_has_an_order_of_its_own(dataset):
    epochs = labels_of(dataset, seed=0, count=10).reshape(10, 50)
    # Seeds that share their low or their high bits, too.
    seeds = (1, 2, 2**16, 2**31, 2**32, 2**32 + 1, 2**63 - 1)
    orders = [*map(tuple, epochs), *(tuple(labels_of(dataset, s)) for s in seeds)]
    assert len(set(orders)) == len(orders)


def test_orders_are_uncorrelated():
    size = 20000
    orders = [
        shuffled_indices(tf.constant(epoch, tf.int64), size, size, seed).numpy()
        for epoch, seed in [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (0, 2**32)]
    ]
    pairs = [*itertools.combinations(orders, 2)]
    pairs += [(order[:-1], order[1:]) for order in orders]
    pairs += [(order, np.arange(size)) for order in orders]
    # Five standard deviations of a correlation of independent orders.
    correlations = [abs(np.corrcoef(*pair)[0, 1]) for pair in pairs]
    assert max(correlations) < 5 / np.sqrt(size)


def test_order_is_spread_evenly():
    """No part of the examples comes early, or together, more than chance has it."""
    size, parts = 50000, 20
    order = shuffled_indices(tf.constant(3, tf.int64), size, size, seed=9).numpy()
    table, *_ = np.histogram2d(np.arange(size), order, bins=parts)
    expected = size / parts**2
    chi_squared = ((table - expected) ** 2 / expected).sum()
    freedom = (parts - 1) ** 2
    assert abs(chi_squared - freedom) < 5 * np.sqrt(2 * freedom)


def test_an_example_is_augmented_anew_in_each_epoch(dataset):
    batches = take(dataset.training_batches(50, seed=0, preprocessing="blockdrop"), 8)
    of_example_7 = [images[labels == 7].tobytes() for images, labels in batches]
    assert len(set(of_example_7)) > 4


def test_training_images_are_crops_of_the_examples(dataset):
    ((images, labels),) = take(
        dataset.training_batches(50, seed=0, preprocessing="blockdrop"), 1
    )
    originals = dataset.examples("train").images.numpy()
    padded = np.pad(originals, [(0, 0), (4, 4), (4, 4), (0, 0)])
    for image, label in zip(np.rint(images * 255), labels, strict=True):
        windows = np.lib.stride_tricks.sliding_window_view(padded[label], (8, 8, 3))
        crops = windows.reshape(-1, 8, 8, 3)
        matches = (crops == image).all((1, 2, 3)) | (crops == image[:, ::-1]).all(
            (1, 2, 3)
        )
        assert matches.any()


@pytest.mark.parametrize("num_examples", [None, 1, 32, 49])
def test_evaluation_returns_every_example_once_in_order(dataset, num_examples):
    batches = dataset.evaluation_batches(
        16, split="train", num_examples=num_examples, preprocessing="blockdrop"
    )
    count = num_examples or 50
    assert batches.cardinality() == -(-count // 16)
    results = take(batches, -1)
    assert len(results[-1][1]) == (count - 1) % 16 + 1
    labels = np.concatenate([labels for _, labels in results])
    images = np.concatenate([images for images, _ in results])
    np.testing.assert_array_equal(labels, np.arange(count))
    originals = dataset.examples("train").images[:count]
    np.testing.assert_array_equal(np.rint(images * 255), originals)


@pytest.mark.parametrize("preprocessing", PREPROCESSING)
def test_pixels_become_the_normalized_images(dataset, preprocessing):
    arguments = {"preprocessing": preprocessing, "num_examples": 20}
    normalized = dataset.evaluation_batches(16, **arguments)
    unnormalized = dataset.evaluation_batches(16, **arguments, normalized=False)
    assert unnormalized.element_spec == normalized.element_spec
    originals = dataset.examples("test").images
    for (images, labels), (pixels, same_labels) in zip(
        take(normalized, -1), take(unnormalized, -1), strict=True
    ):
        np.testing.assert_array_equal(labels, same_labels)
        np.testing.assert_array_equal(pixels, tf.gather(originals, labels))
        again = dataset.normalize(pixels, preprocessing=preprocessing)
        np.testing.assert_allclose(again, images, atol=1e-6)


def test_splits_are_read_once_and_when_needed():
    dataset = NumberedDataset(5)
    assert dataset.splits_read == []
    dataset.evaluation_batches(2)
    dataset.evaluation_batches(3)
    assert dataset.splits_read == ["test"]
    dataset.training_batches(2, seed=0)
    assert dataset.splits_read == ["test", "train"]


@pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="needs Linux's account of memory"
)
def test_streams_do_not_copy_the_images():
    def resident_bytes():
        pages = Path("/proc/self/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    size = 80000
    dataset = NumberedDataset(10)
    images = tf.ones([size, 32, 32, 3], tf.uint8)
    dataset._splits["train"] = LabelledImages(images, tf.zeros([size], tf.int32))
    before = resident_bytes()
    take(dataset.training_batches(16, seed=0), 2)
    take(dataset.evaluation_batches(16, split="train"), 2)
    assert resident_bytes() - before < size * 32 * 32 * 3 / 2


@pytest.mark.parametrize(
    ("arguments", "received"),
    [
        ({"batch_size": 0, "seed": 0}, "batch_size=0"),
        ({"batch_size": 1.5, "seed": 0}, "batch_size=1.5"),
        ({"batch_size": 1, "seed": -1}, "seed=-1"),
        ({"batch_size": 1, "seed": 2**63}, "seed="),
        ({"batch_size": 1, "seed": 0, "start_step": -1}, "start_step=-1"),
        ({"batch_size": 1, "seed": 0, "preprocessing": "x"}, "preprocessing='x'"),
        ({"batch_size": 8, "seed": 0, "part": (0, 3)}, r"part=\(0, 3\), batch_size=8"),
        ({"batch_size": 8, "seed": 0, "part": (2, 2)}, r"part\[0\]=2"),
        ({"batch_size": 8, "seed": 0, "part": (-1, 2)}, r"part\[0\]=-1"),
        ({"batch_size": 8, "seed": 0, "part": (0, 0)}, r"part\[1\]=0"),
    ],
)
def test_training_arguments_out_of_range(dataset, arguments, received):
    with pytest.raises(ValueError, match=f"Received: {received}"):
        dataset.training_batches(**arguments)


def test_normalization_of_no_original_is_refused(dataset):
    with pytest.raises(ValueError, match="Received: preprocessing='x'"):
        dataset.normalize(np.zeros([8, 8, 3]), preprocessing="x")


@pytest.mark.parametrize(
    ("arguments", "received"),
    [
        ({"batch_size": 0}, "batch_size=0"),
        ({"batch_size": 1, "split": "validation"}, "split='validation'"),
        ({"batch_size": 1, "num_examples": 0}, "num_examples=0"),
        ({"batch_size": 1, "num_examples": 51}, "num_examples=51"),
        ({"batch_size": 1, "preprocessing": "x"}, "preprocessing='x'"),
    ],
)
def test_evaluation_arguments_out_of_range(dataset, arguments, received):
    with pytest.raises(ValueError, match=f"Received: {received}"):
        dataset.evaluation_batches(**arguments)
