"""Reading CIFAR: what is there is returned exactly, what is wrong is named."""

import socket
import struct
import zlib

import cifar_on_disk as disk
import numpy as np
import pytest
from record_checksums import masked_checksum

from sact_keras.data import DatasetError, open_dataset

BOTH_FORMATS = pytest.mark.parametrize("data_format", disk.FORMATS)


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*arguments, **keywords):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@BOTH_FORMATS
def test_returns_what_is_on_disk_in_order_without_the_network(
    data_format, tmp_path, no_network
):
    disk.write_cifar(data_format, tmp_path)
    dataset = open_dataset("cifar10", str(tmp_path))
    assert dataset.num_examples == {"train": 13, "test": 5}
    assert dataset.class_names[:2] == ("airplane", "automobile")
    assert dataset.image_size == (32, 32)
    for split in ("train", "test"):
        images, labels = disk.examples_of(split)
        np.testing.assert_array_equal(dataset.examples(split).images, images)
        np.testing.assert_array_equal(dataset.examples(split).labels, labels)


@BOTH_FORMATS
def test_cifar100(data_format, tmp_path):
    disk.write_cifar(data_format, tmp_path, "cifar100", num_classes=100)
    dataset = open_dataset("cifar100", str(tmp_path))
    assert dataset.num_classes == 100
    expected = disk.examples_of("train", 100)[1]
    assert expected.max() >= 10
    np.testing.assert_array_equal(dataset.examples("train").labels, expected)


@BOTH_FORMATS
def test_evaluation_does_not_read_the_training_split(data_format, tmp_path):
    directory = disk.write_cifar(data_format, tmp_path)
    for file in disk.files_of(data_format, directory, "train"):
        disk.flip_byte(file, disk.record_offset(file, 0) + 20)
    dataset = open_dataset("cifar10", str(tmp_path))
    ((_, labels),) = dataset.evaluation_batches(batch_size=5)
    assert len(labels) == dataset.num_examples["test"] == 5
    with pytest.raises(DatasetError):
        dataset.training_batches(batch_size=5, seed=0)


def truncated_png(data_format):
    encoded = disk.png(disk.random_images(1)[0])
    return disk.example(data_format, encoded[: len(encoded) // 2], 1)


def png_of_other_size(data_format):
    return disk.example(
        data_format, disk.png(disk.random_images(1, size=(31, 32))[0]), 1
    )


def png_of_gigabytes(data_format):
    """It states a size that would take them, and has not the pixels."""
    encoded = bytearray(disk.png(disk.random_images(1)[0]))
    encoded[16:24] = struct.pack(">II", 20_000, 20_000)
    encoded[29:33] = struct.pack(">I", zlib.crc32(encoded[12:29]))
    return disk.example(data_format, bytes(encoded), 1)


def grey_png(data_format):
    return disk.example(data_format, disk.png(disk.random_images(1)[0, :, :, 0]), 1)


def label_too_large(data_format):
    return disk.example(data_format, disk.png(disk.random_images(1)[0]), 10)


def negative_label(data_format):
    return disk.example(data_format, disk.png(disk.random_images(1)[0]), -1)


def no_label(data_format):
    return disk.example(data_format, disk.png(disk.random_images(1)[0]), None)


def no_image(data_format):
    return disk.example(data_format, None, 1)


def not_an_example(data_format):
    return b"\xff\xff\xff"


@BOTH_FORMATS
@pytest.mark.parametrize(
    ("make_record", "complaint"),
    [
        (truncated_png, "Invalid PNG"),
        (png_of_other_size, r"shape \(31, 32, 3\)"),
        (png_of_gigabytes, "of 20000 x 20000 pixels"),
        (grey_png, r"shape \(32, 32, 1\)"),
        (label_too_large, "label is 10, outside the classes 0 to 9"),
        (negative_label, "label is -1, outside the classes 0 to 9"),
        (no_label, "label"),
        (no_image, "image"),
        (not_an_example, "not a tf.train.Example"),
    ],
)
def test_bad_record_is_named(data_format, make_record, complaint, tmp_path):
    directory = disk.write_cifar(data_format, tmp_path)
    file = disk.files_of(data_format, directory, "train")[-1]
    disk.replace_record(file, 3, make_record(data_format))
    with pytest.raises(DatasetError, match=complaint) as raised:
        open_dataset("cifar10", str(tmp_path)).examples("train")
    assert raised.value.path == str(file)
    assert raised.value.record == 3
    assert f"{file}, record 3: " in str(raised.value)
    assert "{{" not in str(raised.value)


def test_the_first_of_several_bad_records_is_named(tmp_path):
    directory = disk.write_cifar("slim", tmp_path)
    (file,) = disk.files_of("slim", directory, "train")
    disk.replace_record(file, 2, label_too_large("slim"))
    disk.replace_record(file, 5, truncated_png("slim"))
    with pytest.raises(DatasetError, match="label is 10") as raised:
        open_dataset("cifar10", str(tmp_path)).examples("train")
    assert raised.value.record == 2


@BOTH_FORMATS
@pytest.mark.parametrize("part", ["length", "data"])
def test_flipped_byte_is_named(data_format, part, tmp_path):
    directory = disk.write_cifar(data_format, tmp_path)
    file = disk.files_of(data_format, directory, "train")[-1]
    disk.flip_byte(file, disk.record_offset(file, 4) + {"length": 1, "data": 200}[part])
    with pytest.raises(DatasetError, match="corrupt") as raised:
        open_dataset("cifar10", str(tmp_path)).examples("train")
    assert (raised.value.path, raised.value.record) == (str(file), 4)


@BOTH_FORMATS
def test_file_cut_short_is_named(data_format, tmp_path):
    directory = disk.write_cifar(data_format, tmp_path)
    file = disk.files_of(data_format, directory, "train")[0]
    file.write_bytes(file.read_bytes()[: disk.record_offset(file, 5) + 100])
    with pytest.raises(DatasetError, match="cut short") as raised:
        open_dataset("cifar10", str(tmp_path)).examples("train")
    assert (raised.value.path, raised.value.record) == (str(file), 5)


@BOTH_FORMATS
def test_a_length_beyond_all_memory_is_named(data_format, tmp_path):
    """Its checksum is right: TensorFlow would end the program."""
    directory = disk.write_cifar(data_format, tmp_path)
    file = disk.files_of(data_format, directory, "train")[0]
    length = b"\0\0\0\0\0\1\0\0"
    content, offset = bytearray(file.read_bytes()), disk.record_offset(file, 3)
    content[offset : offset + 12] = length + masked_checksum(length)
    file.write_bytes(content)
    dataset = open_dataset("cifar10", str(tmp_path))
    with pytest.raises(DatasetError, match="the file ends within it") as raised:
        dataset.examples("train")
    assert (raised.value.path, raised.value.record) == (str(file), 3)
    if data_format == "slim":  # TFDS states how many there are.
        with pytest.raises(DatasetError, match="the file ends within it"):
            _ = dataset.num_examples["train"]


def test_shard_cut_short_between_records_is_named(tmp_path):
    directory = disk.write_cifar("tfds", tmp_path)
    file = disk.files_of("tfds", directory, "train")[0]
    file.write_bytes(file.read_bytes()[: disk.record_offset(file, 5)])
    with pytest.raises(DatasetError, match="expected to contain 7") as raised:
        open_dataset("cifar10", str(tmp_path)).examples("train")
    assert (raised.value.path, raised.value.record) == (str(file), 5)


def test_slim_count_names_a_corrupt_record(tmp_path):
    directory = disk.write_cifar("slim", tmp_path)
    (file,) = disk.files_of("slim", directory, "train")
    disk.flip_byte(file, disk.record_offset(file, 6) + 50)
    with pytest.raises(DatasetError, match="corrupt") as raised:
        _ = open_dataset("cifar10", str(tmp_path)).num_examples["train"]
    assert (raised.value.path, raised.value.record) == (str(file), 6)


@BOTH_FORMATS
def test_missing_file_is_named(data_format, tmp_path):
    directory = disk.write_cifar(data_format, tmp_path)
    file = disk.files_of(data_format, directory, "test")[-1]
    file.unlink()
    dataset = open_dataset("cifar10", str(tmp_path))
    assert dataset.num_examples == {"train": 13}
    assert len(dataset.examples("train").labels) == 13
    with pytest.raises(DatasetError, match="missing") as raised:
        dataset.examples("test")
    assert raised.value.path == str(file)


def test_empty_slim_file_is_an_error(tmp_path):
    directory = disk.write_cifar("slim", tmp_path)
    (file,) = disk.files_of("slim", directory, "test")
    file.write_bytes(b"")
    with pytest.raises(DatasetError, match="no records") as raised:
        open_dataset("cifar10", str(tmp_path)).examples("test")
    assert raised.value.path == str(file)


@pytest.mark.parametrize("file_name", ["dataset_info.json", "features.json"])
def test_damaged_tfds_metadata_is_an_error(file_name, tmp_path):
    directory = disk.write_cifar("tfds", tmp_path)
    (directory / file_name).write_text("{")
    with pytest.raises(DatasetError, match=str(directory)):
        open_dataset("cifar10", str(tmp_path))


@pytest.mark.parametrize(
    ("file_name", "old", "new"),
    [
        ("dataset_info.json", "{SPLIT}", "{TPLIT}"),
        ("dataset_info.json", '"7"', '"x"'),
        ("dataset_info.json", '"shardLengths"', '"shardLength"'),
        ("features.json", '"image"', '"imago"'),
    ],
)
def test_altered_tfds_metadata_is_an_error(file_name, old, new, tmp_path):
    directory = disk.write_cifar("tfds", tmp_path)
    path = directory / file_name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(DatasetError, match=str(directory)):
        open_dataset("cifar10", str(tmp_path)).examples("train")


def test_tfds_data_of_other_classes_is_an_error(tmp_path):
    disk.write_cifar("tfds", tmp_path, "cifar10", num_classes=11)
    with pytest.raises(DatasetError, match="11 classes, cifar10 has 10"):
        open_dataset("cifar10", str(tmp_path))


def test_real_tfds_and_slim_files_agree(shared_dir):
    """TF-Slim's 1,000 test images are among TFDS's 10,000, with the same labels."""

    def labels_by_image(directory):
        dataset = open_dataset("cifar10", str(shared_dir / "data" / directory))
        images, labels = dataset.examples("test")
        keys = [image.tobytes() for image in images.numpy()]
        return dict(zip(keys, labels.numpy().tolist(), strict=True))

    if not (shared_dir / "data").is_dir():
        pytest.skip("no real data in ../shared")
    everything = labels_by_image("tfds")
    some = labels_by_image("slim/cifar10")
    assert len(everything) == 10000
    assert len(some) == 1000
    assert some.items() <= everything.items()
