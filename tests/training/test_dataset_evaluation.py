"""Which images an evaluation is of."""

import cifar_on_disk
import imagenet_on_disk
import numpy as np
import pytest
from tiny_training import TinyDataset, tiny_options

from sact_keras.data import open_dataset
from sact_keras.training.dataset_evaluation import (
    evaluated_images,
    evaluation_batches,
)


@pytest.mark.parametrize("batch_size", [1, 5, 16, 100])
def test_images_are_found_by_their_place(batch_size, tmp_path):
    dataset = TinyDataset()
    options = tiny_options(tmp_path, eval_batch_size=batch_size, num_examples=21)
    found = evaluated_images(options, dataset, [20, 0, 7, 7, np.int64(15)])
    assert sorted(found) == [0, 7, 15, 20]
    images, labels = dataset.examples("test")
    for place, (pixels, label) in found.items():
        assert pixels.dtype == np.uint8
        np.testing.assert_array_equal(pixels, images[place])
        assert label == labels[place]


def test_no_more_is_read_than_is_needed(tmp_path):
    dataset, read = TinyDataset(), []
    batches = dataset.evaluation_batches

    def record(*size, **which):
        for batch in batches(*size, **which):
            read.append(len(batch[1]))
            yield batch

    dataset.evaluation_batches = record
    evaluated_images(tiny_options(tmp_path, eval_batch_size=5), dataset, [2, 6])
    assert read == [5, 5]


def test_places_are_those_without_bad_records(tmp_path):
    directory = imagenet_on_disk.write_imagenet("slim", tmp_path)
    file = imagenet_on_disk.files_of("slim", directory, "validation")[0]
    cifar_on_disk.replace_record(file, 1, b"no example")
    size = imagenet_on_disk.IMAGE_SIZE
    dataset = open_dataset(
        "imagenet", str(tmp_path), image_size=size, skip_bad_records=True
    )
    options = tiny_options(
        tmp_path, dataset="imagenet", model="1_1_1_1", eval_batch_size=3
    )
    labels = [
        label for _, batch in evaluation_batches(options, dataset) for label in batch
    ]
    found = evaluated_images(options, dataset, range(len(labels)))
    assert [found[place][1] for place in range(7)] == labels
    assert found[0][0].shape == (size, size, 3)
    assert found[0][0].std() > 5  # Pixels: what a network takes is within [-1, 1].
    assert len(dataset.skipped) == 1
