"""Records that are not as they should be: named, or done without."""

import cifar_on_disk
import imagenet_on_disk as disk
import numpy as np
import pytest
import tensorflow as tf

from sact_keras.data import open_dataset

# TFDS's records differ in their features alone.
ALL_KINDS = pytest.mark.parametrize(
    ("data_format", "kind"),
    [("slim", kind) for kind in disk.BAD_RECORDS]
    + [("tfds", kind) for kind in ("label_beyond", "no_label", "no_image")],
)


def open_tiny(directory, **options):
    return open_dataset(
        "imagenet", str(directory), image_size=disk.IMAGE_SIZE, **options
    )


def labels_of(batches, count=-1):
    return [labels.numpy().tolist() for _, labels in batches.take(count)]


def flat(batches):
    return [label for labels in batches for label in labels]


def spoil(data_format, directory, split, shard, record, kind):
    """Puts a bad record in a good one's place; returns its file."""
    make, said = disk.BAD_RECORDS[kind]
    file = disk.files_of(data_format, directory, split)[shard]
    cifar_on_disk.replace_record(file, record, make(data_format))
    return file, said


def flip_data(directory, split, shard, record):
    """Makes the checksum of a record's data wrong; returns its file."""
    file = disk.files_of("slim", directory, split)[shard]
    offset = cifar_on_disk.record_offset(file, record)
    cifar_on_disk.flip_byte(file, offset + 100)
    return file


def assert_names(fault, file, record, said):
    assert (fault.path, fault.record) == (str(file), record)
    assert str(fault).startswith(f"{file}, record {record}: ")
    with pytest.raises(type(fault), match=said):
        raise fault


@ALL_KINDS
def test_bad_record_ends_evaluation_and_is_named(data_format, kind, tmp_path):
    directory = disk.write_imagenet(data_format, tmp_path)
    file, said = spoil(data_format, directory, "validation", 2, 1, kind)
    dataset = open_tiny(tmp_path)
    labels = []
    with pytest.raises(tf.errors.OpError):
        for _, batch in dataset.evaluation_batches(3):
            labels.append(batch.numpy().tolist())
    assert labels == [[101, 102, 103], [104, 105, 106]]
    assert_names(dataset.fault, file, 1, said)


@pytest.mark.fast_with("slim-cut_*", "tfds-label_beyond", "slim-empty_image")
@ALL_KINDS
def test_bad_record_is_left_out_of_evaluation(data_format, kind, tmp_path):
    directory = disk.write_imagenet(data_format, tmp_path)
    file, said = spoil(data_format, directory, "validation", 2, 1, kind)
    dataset = open_tiny(tmp_path, skip_bad_records=True)
    batches = dataset.evaluation_batches(3)
    for _ in range(2):
        assert labels_of(batches) == [[101, 102, 103], [104, 105, 106], [108]]
    (skipped,) = dataset.skipped
    assert_names(skipped, file, 1, said)
    assert dataset.fault is None


# The label on disk, and the class where there is no background; None where it is bad.
EDGES = [("slim", 0, None), ("slim", 1, 0), ("slim", 1000, 999), ("slim", 1001, None)]
EDGES += [("tfds", -1, None), ("tfds", 0, 0), ("tfds", 999, 999), ("tfds", 1000, None)]


@pytest.mark.parametrize(("data_format", "label", "expected"), EDGES)
def test_background_is_a_bad_record_where_there_is_none(
    data_format, label, expected, tmp_path
):
    directory = disk.write_imagenet(data_format, tmp_path)
    encoded = disk.jpeg(disk.photograph(30, 40))
    file = disk.files_of(data_format, directory, "validation")[2]
    record = disk.record(data_format, encoded, label)
    cifar_on_disk.replace_record(file, 1, record)

    dataset = open_tiny(tmp_path, background=False, skip_bad_records=True)
    middle = [] if expected is None else [expected]
    labels = flat(labels_of(dataset.evaluation_batches(3)))
    assert labels == [100, 101, 102, 103, 104, 105, *middle, 107]
    if expected is not None:
        assert dataset.skipped == []
        return
    first, last = {"slim": (1, 1000), "tfds": (0, 999)}[data_format]
    said = f"the label is {label}, outside the classes {first} to {last}"
    assert_names(dataset.skipped[0], file, 1, said)

    dataset = open_tiny(tmp_path, background=False)
    with pytest.raises(tf.errors.OpError):
        labels_of(dataset.evaluation_batches(3))
    assert_names(dataset.fault, file, 1, said)


@pytest.mark.fast_with("no_label")
@pytest.mark.parametrize("kind", ["cmyk", "no_label"])
def test_bad_record_ends_training_and_is_named(kind, tmp_path):
    directory = disk.write_imagenet("slim", tmp_path)
    file, said = spoil("slim", directory, "train", 0, 2, kind)
    dataset = open_tiny(tmp_path)
    with pytest.raises(tf.errors.OpError):
        labels_of(dataset.training_batches(4, seed=0), 30)
    assert_names(dataset.fault, file, 2, said)


@pytest.mark.fast_with("label_beyond")
@pytest.mark.parametrize("kind", ["cmyk", "label_beyond"])
def test_bad_record_is_replaced_in_training_by_the_next_one(kind, tmp_path):
    directory = disk.write_imagenet("slim", tmp_path)
    good = labels_of(open_tiny(tmp_path).training_batches(4, seed=3), 9)
    file, said = spoil("slim", directory, "train", 0, 2, kind)
    dataset = open_tiny(tmp_path, skip_bad_records=True)
    batches = [*dataset.training_batches(4, seed=3).take(9)]
    expected = np.where(np.equal(good, 3), 4, good)
    np.testing.assert_array_equal([labels for _, labels in batches], expected)
    (skipped,) = dataset.skipped
    assert_names(skipped, file, 2, said)

    again = open_tiny(tmp_path, skip_bad_records=True)
    resumed = again.training_batches(4, seed=3, start_step=5).take(4)
    for (images, _), (resumed_images, _) in zip(batches[5:], resumed, strict=True):
        np.testing.assert_array_equal(images, resumed_images)


@pytest.mark.slow
def test_bad_records_are_replaced_in_a_part_as_in_the_whole_batch(tmp_path):
    directory = disk.write_imagenet("slim", tmp_path)
    spoil("slim", directory, "train", 0, 2, "cmyk")
    spoil("slim", directory, "train", 0, 3, "gif")
    whole = open_tiny(tmp_path, skip_bad_records=True).training_batches(6, seed=3)
    halves = [
        open_tiny(tmp_path, skip_bad_records=True).training_batches(
            6, seed=3, part=(index, 2)
        )
        for index in range(2)
    ]
    for batch, *parts in tf.data.Dataset.zip(whole, *halves).take(5):
        for values, *pieces in zip(batch, *parts, strict=True):
            np.testing.assert_array_equal(values, tf.concat(pieces, axis=0))


def test_bad_record_ends_only_the_part_that_it_is_in(tmp_path):
    directory = disk.write_imagenet("slim", tmp_path)
    labels = labels_of(open_tiny(tmp_path).training_batches(8, seed=3), 1)[0]
    spoil("slim", directory, "train", 0, 2, "cmyk")
    (with_bad, without) = (0, 1) if 3 in labels[:4] else (1, 0)
    assert 3 in labels
    dataset = open_tiny(tmp_path)
    (half,) = labels_of(dataset.training_batches(8, seed=3, part=(without, 2)), 1)
    np.testing.assert_array_equal(half, labels[4 * without :][:4])
    with pytest.raises(tf.errors.OpError):
        labels_of(dataset.training_batches(8, seed=3, part=(with_bad, 2)), 1)


def test_last_record_is_replaced_by_the_first(tmp_path):
    directory = disk.write_imagenet("slim", tmp_path)
    spoil("slim", directory, "train", 1, 3, "cmyk")
    dataset = open_tiny(tmp_path, skip_bad_records=True)
    (labels,) = labels_of(dataset.training_batches(9, seed=0), 1)
    assert sorted(labels) == [1, 1, 2, 3, 4, 5, 6, 7, 8]


def test_first_of_several_bad_records_is_named(tmp_path):
    directory = disk.write_imagenet("slim", tmp_path)
    file, said = spoil("slim", directory, "validation", 0, 3, "gif")
    spoil("slim", directory, "validation", 1, 0, "cmyk")
    spoil("slim", directory, "validation", 2, 2, "no_label")
    for batch_size in (1, 2, 3, 64):
        dataset = open_tiny(tmp_path)
        with pytest.raises(tf.errors.OpError):
            labels_of(dataset.evaluation_batches(batch_size))
        assert_names(dataset.fault, file, 3, said)


@pytest.mark.fast_with("records0-8", "records1-3")
@pytest.mark.parametrize("batch_size", [1, 3, 8])
@pytest.mark.parametrize("records", [[(2, 2)], [(2, 0), (2, 1), (2, 2)]])
def test_records_missing_at_the_end_are_noticed(records, batch_size, tmp_path):
    directory = disk.write_imagenet("slim", tmp_path)
    for shard, record in records:
        spoil("slim", directory, "validation", shard, record, "no_image")
    dataset = open_tiny(tmp_path)
    with pytest.raises(tf.errors.OpError):
        labels_of(dataset.evaluation_batches(batch_size))
    assert dataset.fault.record == records[0][1]

    dataset = open_tiny(tmp_path, skip_bad_records=True)
    left = flat(labels_of(dataset.evaluation_batches(batch_size)))
    assert len(left) == 8 - len(records)
    assert [fault.record for fault in dataset.skipped] == [r for _, r in records]


@pytest.mark.slow
def test_nothing_but_bad_records(tmp_path):
    directory = disk.write_imagenet("slim", tmp_path)
    for split, lengths in disk.SHARD_LENGTHS.items():
        for shard, length in enumerate(lengths):
            for record in range(length):
                spoil("slim", directory, split, shard, record, "empty_image")
    dataset = open_tiny(tmp_path)
    with pytest.raises(tf.errors.OpError):
        labels_of(dataset.evaluation_batches(4))
    with pytest.raises(tf.errors.OpError):
        labels_of(dataset.training_batches(4, seed=0), 1)
    dataset = open_tiny(tmp_path, skip_bad_records=True)
    assert labels_of(dataset.evaluation_batches(4)) == []
    with pytest.raises(tf.errors.OpError, match="all 9 records are bad"):
        labels_of(dataset.training_batches(4, seed=0), 1)
    assert len(dataset.skipped) == 17


def test_wrong_checksum_is_named_or_left_out(tmp_path):
    disk.write_imagenet("slim", tmp_path)
    file = flip_data(tmp_path, "validation", 0, 1)
    flip_data(tmp_path, "train", 0, 1)
    dataset = open_tiny(tmp_path)
    with pytest.raises(tf.errors.OpError):
        labels_of(dataset.evaluation_batches(3))
    assert_names(dataset.fault, file, 1, "checksum is wrong")

    dataset = open_tiny(tmp_path, skip_bad_records=True)
    labels = flat(labels_of(dataset.evaluation_batches(3)))
    assert labels == [101, 103, 104, 105, 106, 107, 108]
    trained = flat(labels_of(dataset.training_batches(9, seed=0), 3))
    assert sorted(set(trained)) == [1, 3, 4, 5, 6, 7, 8, 9]
    assert [fault.record for fault in dataset.skipped] == [1, 1]


def test_file_cut_short_is_an_error_or_ends_early(tmp_path):
    disk.write_imagenet("slim", tmp_path)
    file = disk.files_of("slim", tmp_path, "validation")[0]
    offset = cifar_on_disk.record_offset(file, 2)
    file.write_bytes(file.read_bytes()[: offset + 40])
    with pytest.raises(Exception, match=f"{file}, record 2: .*corrupt or cut short"):
        open_tiny(tmp_path).evaluation_batches(3)
    dataset = open_tiny(tmp_path, skip_bad_records=True)
    assert dataset.num_examples["validation"] == 6
    labels = flat(labels_of(dataset.evaluation_batches(4)))
    assert labels == [101, 102, 105, 106, 107, 108]
    assert len(dataset.skipped) == 1


def test_each_bad_record_is_logged_once(tmp_path, caplog):
    directory = disk.write_imagenet("slim", tmp_path)
    spoil("slim", directory, "validation", 0, 1, "cmyk")
    dataset = open_tiny(tmp_path, skip_bad_records=True)
    for _ in range(2):
        labels_of(dataset.evaluation_batches(2))
    assert sum("CMYK" in record.getMessage() for record in caplog.records) == 1


@pytest.mark.slow
def test_strict_and_skipping_streams_agree_where_nothing_is_wrong(tmp_path):
    disk.write_imagenet("slim", tmp_path)
    strict, skipping = (open_tiny(tmp_path, skip_bad_records=s) for s in (False, True))
    for one, other in (
        (strict.evaluation_batches(3), skipping.evaluation_batches(3)),
        (strict.training_batches(3, seed=0), skipping.training_batches(3, seed=0)),
    ):
        for (images, _), (other_images, _) in tf.data.Dataset.zip(one, other).take(3):
            np.testing.assert_array_equal(images, other_images)
    assert skipping.skipped == []
