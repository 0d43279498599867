"""ImageNet's streams: what they return, in which order, and that they resume."""

import cifar_on_disk
import imagenet_on_disk as disk
import numpy as np
import pytest
import tensorflow as tf
from batch_parts import assert_parts_make_the_whole, assert_same_batches, joined, take
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sact_keras.data import PHOTOGRAPH_PREPROCESSING, open_dataset

BOTH_FORMATS = pytest.mark.parametrize("data_format", disk.FORMATS)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    directory = tmp_path_factory.mktemp("imagenet")
    disk.write_imagenet("slim", directory)
    return open_dataset("imagenet", str(directory), image_size=disk.IMAGE_SIZE)


def evaluated(encoded, preprocessing="sact"):
    recipe = PHOTOGRAPH_PREPROCESSING[preprocessing]
    return recipe.normalize(recipe.for_evaluation(encoded, disk.IMAGE_SIZE))


@pytest.mark.fast_with("slim")
@BOTH_FORMATS
def test_returns_what_is_on_disk_in_order(data_format, tmp_path):
    disk.write_imagenet(data_format, tmp_path)
    dataset = open_dataset("imagenet", str(tmp_path), image_size=disk.IMAGE_SIZE)
    assert dataset.num_examples == {"train": 9, "validation": 8}
    assert (dataset.num_classes, dataset.image_size) == (1001, (8, 8))
    assert dataset.evaluation_split == "validation"
    for split in ("train", "validation"):
        encoded, classes = disk.examples_of(split)
        images, labels = joined(take(dataset.evaluation_batches(4, split=split)))
        np.testing.assert_array_equal(labels, classes)
        np.testing.assert_array_equal(images, [*map(evaluated, encoded)])
    assert sorted(joined(take(dataset.training_batches(9, seed=0), 1))[1]) == list(
        range(1, 10)
    )


@pytest.mark.fast_with("slim")
@BOTH_FORMATS
def test_classes_without_the_background_count_from_0(data_format, tmp_path):
    disk.write_imagenet(data_format, tmp_path)
    arguments = {"dataset_dir": str(tmp_path), "image_size": disk.IMAGE_SIZE}
    with_background = open_dataset("imagenet", **arguments)
    dataset = open_dataset("imagenet", **arguments, background=False)
    assert dataset.num_classes == 1000
    assert dataset.class_names == with_background.class_names[1:]
    for ours, others in (
        (dataset.evaluation_batches(8), with_background.evaluation_batches(8)),
        (
            dataset.training_batches(9, seed=0).take(1),
            with_background.training_batches(9, seed=0).take(1),
        ),
    ):
        images, labels = joined(take(ours))
        same_images, classes = joined(take(others))
        np.testing.assert_array_equal(images, same_images)
        np.testing.assert_array_equal(labels, classes - 1)


@pytest.mark.parametrize(
    ("batch_size", "num_examples"), [(1, None), (3, None), (64, None), (3, 6), (4, 1)]
)
def test_evaluation_returns_every_record_once(dataset, batch_size, num_examples):
    batches = dataset.evaluation_batches(batch_size, num_examples=num_examples)
    assert batches.element_spec == (
        tf.TensorSpec([None, 8, 8, 3], tf.float32),
        tf.TensorSpec([None], tf.int32),
    )
    results = take(batches)
    count = num_examples or 8
    assert batches.cardinality() == len(results) == -(-count // batch_size)
    images, labels = joined(results)
    np.testing.assert_array_equal(labels, range(101, 101 + count))
    together, _ = joined(take(dataset.evaluation_batches(8)))
    np.testing.assert_array_equal(images, together[:count])


def test_image_size_is_224_unless_it_is_given(dataset, tmp_path):
    disk.write_imagenet("slim", tmp_path)
    dataset = open_dataset("imagenet", str(tmp_path))
    assert dataset.image_size == (224, 224)
    assert dataset.evaluation_batches(2).element_spec[0].shape[1:] == (224, 224, 3)


def test_evaluation_does_not_look_at_the_training_split(tmp_path):
    disk.write_imagenet("slim", tmp_path)
    for file in disk.files_of("slim", tmp_path, "train"):
        file.write_bytes(b"damaged")
    dataset = open_dataset("imagenet", str(tmp_path), image_size=disk.IMAGE_SIZE)
    assert dataset.num_examples["validation"] == 8
    assert len(take(dataset.evaluation_batches(8))) == 1


@settings(max_examples=3, deadline=None)
@given(start_step=st.integers(0, 12), batch_size=st.integers(1, 20))
def test_stream_opened_at_a_step_continues_the_one_opened_at_0(
    dataset, start_step, batch_size
):
    batches = dataset.training_batches(batch_size, seed=5)
    assert batches.cardinality() == tf.data.INFINITE_CARDINALITY
    assert batches.element_spec[0].shape == (batch_size, 8, 8, 3)
    whole = take(batches, start_step + 3)
    rest = dataset.training_batches(batch_size, seed=5, start_step=start_step)
    assert_same_batches(take(rest, 3), whole[start_step:])


@pytest.mark.slow
@settings(max_examples=2, deadline=None)
@given(
    count=st.integers(1, 4),
    rows=st.integers(1, 5),
    start_step=st.integers(0, 12),
    preprocessing=st.sampled_from(sorted(PHOTOGRAPH_PREPROCESSING)),
)
def test_parts_make_the_whole_batch(dataset, count, rows, start_step, preprocessing):
    """Also where an epoch of 9 ends within a batch, or several do."""
    arguments = {"seed": 5, "start_step": start_step, "preprocessing": preprocessing}
    assert_parts_make_the_whole(dataset, count, rows, 2, **arguments)


@pytest.mark.slow
def test_streams_are_of_the_recipe_that_is_named(dataset):
    encoded, _ = disk.examples_of("validation")
    images, _ = joined(take(dataset.evaluation_batches(8, preprocessing="aig")))
    expected = [evaluated(image, "aig") for image in encoded]
    np.testing.assert_allclose(images, expected, atol=1e-6)

    arguments = {"seed": 5, "preprocessing": "aig"}
    whole = take(dataset.training_batches(4, **arguments), 3)
    rest = dataset.training_batches(4, start_step=1, **arguments)
    assert_same_batches(take(rest, 2), whole[1:])
    others = take(dataset.training_batches(4, seed=5), 3)
    for (images, labels), (other_images, other_labels) in zip(
        whole, others, strict=True
    ):
        np.testing.assert_array_equal(labels, other_labels)
        assert not np.array_equal(images, other_images)


@pytest.mark.parametrize("preprocessing", PHOTOGRAPH_PREPROCESSING)
def test_pixels_become_the_normalized_images(dataset, preprocessing):
    arguments = {"preprocessing": preprocessing}
    normalized = dataset.evaluation_batches(8, **arguments)
    unnormalized = dataset.evaluation_batches(8, **arguments, normalized=False)
    assert unnormalized.element_spec == normalized.element_spec
    images, labels = joined(take(normalized))
    pixels, same_labels = joined(take(unnormalized))
    np.testing.assert_array_equal(labels, same_labels)
    recipe = PHOTOGRAPH_PREPROCESSING[preprocessing]
    encoded, _ = disk.examples_of("validation")
    expected = [recipe.for_evaluation(image, disk.IMAGE_SIZE) for image in encoded]
    np.testing.assert_array_equal(pixels, expected)
    assert 0 <= pixels.min() < 100
    assert 155 < pixels.max() <= 255
    again = dataset.normalize(pixels, **arguments)
    np.testing.assert_allclose(again, images, atol=1e-6)


def test_late_step_needs_no_running_start(dataset):
    step = 10**12
    _, last = take(dataset.training_batches(4, seed=1, start_step=step), 2)
    (alone,) = take(dataset.training_batches(4, seed=1, start_step=step + 1), 1)
    assert_same_batches([last], [alone])


def test_every_record_comes_once_an_epoch_and_looks_different_each_time(dataset):
    images, labels = joined(take(dataset.training_batches(6, seed=2), 12))
    for epoch in labels.reshape(8, 9):
        assert sorted(epoch) == list(range(1, 10))
    assert len(set(map(tuple, labels.reshape(8, 9)))) > 1
    versions = {image.tobytes() for image in images[labels == 4]}
    assert len(versions) == 8
    assert images.min() >= -1
    assert images.max() <= 1


def test_seeds_change_order_and_images(dataset):
    first, second = (
        take(dataset.training_batches(9, seed=seed), 1)[0] for seed in (0, 1)
    )
    assert first[1].tolist() != second[1].tolist()
    assert not np.array_equal(first[0][first[1] == 3], second[0][second[1] == 3])


SLIM_LABELS = {
    "bbox": {"image/object/bbox/label": [7, 7]},
    "object": {"image/object/class/label": 7},
    "class_wins": {"image/class/label": 7, "image/object/bbox/label": 9},
    "empty_class": {"image/class/label": [], "image/object/class/label": 7},
}


@pytest.mark.parametrize(
    ("labels", "encode", "name"),
    [
        ("bbox", disk.jpeg, b"JPEG"),
        ("object", disk.jpeg, b"jpeg"),
        ("class_wins", cifar_on_disk.png, b"JPEG"),
        ("empty_class", disk.jpeg, None),
    ],
)
def test_names_and_formats_that_are_in_use(labels, encode, name, tmp_path):
    encoded = encode(disk.photograph(40, 30))
    values = {"image/encoded": encoded, **SLIM_LABELS[labels]}
    if name is not None:
        values["image/format"] = name
    file = tmp_path / "validation-00000-of-00001"
    disk.write_records(file, [disk.features(values)])
    dataset = open_dataset("imagenet", str(tmp_path), image_size=disk.IMAGE_SIZE)
    ((images, classes),) = take(dataset.evaluation_batches(1))
    np.testing.assert_array_equal(images[0], evaluated(encoded))
    assert classes.tolist() == [7]


BOXES = {
    "one": [[0.1], [0.2], [0.5], [0.6]],
    "two": [[0.1, 0.5], [0.2, 0.5], [0.5, 0.9], [0.6, 0.9]],
    "outside": [[-0.1], [0.0], [1.2], [1.0]],
    "without_area": [[0.5], [0.5], [0.5], [0.2]],
    "not_a_number": [[float("nan")], [0.0], [1.0], [1.0]],
}


@pytest.mark.slow
@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    boxes=st.sampled_from(sorted(BOXES)),
    encode=st.sampled_from([disk.jpeg, cifar_on_disk.png]),
)
def test_images_and_boxes_of_every_size_are_used(size, boxes, encode, tmp_path):
    edges = ("ymin", "xmin", "ymax", "xmax")
    values = {
        "image/encoded": encode(disk.photograph(*size)),
        "image/class/label": 3,
        **{
            f"{disk.BOX_PREFIX}{edge}": value
            for edge, value in zip(edges, BOXES[boxes], strict=True)
        },
    }
    for split in ("train", "validation"):
        file = tmp_path / f"{split}-00000-of-00001"
        disk.write_records(file, [disk.features(values)])
    dataset = open_dataset("imagenet", str(tmp_path), image_size=disk.IMAGE_SIZE)
    (evaluated,) = take(dataset.evaluation_batches(1))
    (trained,) = take(dataset.training_batches(4, seed=0), 1)
    for images, labels in (evaluated, trained):
        assert np.isfinite(images).all()
        assert np.abs(images).max() <= 1 + 1e-6
        assert set(labels) == {3}


@pytest.mark.parametrize(
    ("arguments", "received"),
    [
        ({"batch_size": 0, "seed": 0}, "batch_size=0"),
        ({"batch_size": 1, "seed": -1}, "seed=-1"),
        ({"batch_size": 1, "seed": 0, "start_step": -1}, "start_step=-1"),
        ({"batch_size": 1, "seed": 0, "preprocessing": "vgg"}, "preprocessing='vgg'"),
        ({"batch_size": 4, "seed": 0, "part": (1, 3)}, r"part=\(1, 3\), batch_size=4"),
        ({"batch_size": 4, "seed": 0, "part": (4, 4)}, r"part\[0\]=4"),
    ],
)
def test_training_arguments_out_of_range(dataset, arguments, received):
    with pytest.raises(ValueError, match=f"Received: {received}"):
        dataset.training_batches(**arguments)


def test_normalization_of_no_original_is_refused(dataset):
    with pytest.raises(ValueError, match="Received: preprocessing='blockdrop_r32'"):
        dataset.normalize(np.zeros([8, 8, 3]), preprocessing="blockdrop_r32")


@pytest.mark.parametrize(
    ("arguments", "received"),
    [
        ({"batch_size": 0}, "batch_size=0"),
        ({"batch_size": 1, "split": "test"}, "split='test'"),
        ({"batch_size": 1, "num_examples": 0}, "num_examples=0"),
        ({"batch_size": 1, "num_examples": 9}, "num_examples=9"),
        ({"batch_size": 1, "preprocessing": "vgg"}, "preprocessing='vgg'"),
    ],
)
def test_evaluation_arguments_out_of_range(dataset, arguments, received):
    with pytest.raises(ValueError, match=f"Received: {received}"):
        dataset.evaluation_batches(**arguments)


def test_real_photographs(shared_dir):
    directory = shared_dir / "data" / "slim" / "imagenet"
    if not directory.is_dir():
        pytest.skip("no photographs in ../shared")
    dataset = open_dataset("imagenet", str(directory))
    assert dataset.num_examples == {"validation": 120}
    assert dataset.class_names[1] == "tench"
    images, labels = joined(take(dataset.evaluation_batches(64)))
    assert images.shape == (120, 224, 224, 3)
    assert len({image.tobytes() for image in images}) == 120
    assert labels.min() >= 1
    assert labels.max() <= 1000
    for batch_size in (1, 7):
        again = joined(take(dataset.evaluation_batches(batch_size)))
        assert_same_batches([again], [(images, labels)])
