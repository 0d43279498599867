"""Writes tiny CIFAR data sets in both formats, and damages them."""

import io
import json
import struct
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image

FORMATS = ("tfds", "slim")
SHARD_LENGTHS = {"train": (7, 6), "test": (5,)}


def random_images(count, seed=0, size=(32, 32)):
    shape = (count, *size, 3)
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def png(image):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def example(data_format, encoded=None, label=None):
    """A serialized record; a feature that is None is left out."""
    prefix = {
        "tfds": ("image", "label"),
        "slim": ("image/encoded", "image/class/label"),
    }
    image_key, label_key = prefix[data_format]
    feature = {"id": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"x"]))}
    if encoded is not None:
        values = tf.train.BytesList(value=[encoded])
        feature[image_key] = tf.train.Feature(bytes_list=values)
    if label is not None:
        values = tf.train.Int64List(value=[label])
        feature[label_key] = tf.train.Feature(int64_list=values)
    features = tf.train.Features(feature=feature)
    return tf.train.Example(features=features).SerializeToString()


def write_records(path, records):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record)


def read_records(path):
    return [record.numpy() for record in tf.data.TFRecordDataset(str(path))]


def replace_record(path, number, record):
    records = read_records(path)
    records[number] = record
    write_records(path, records)


def record_offset(path, number):
    """Where a record begins: its length, a checksum, the data, a checksum."""
    data, offset = path.read_bytes(), 0
    for _ in range(number):
        (length,) = struct.unpack_from("<Q", data, offset)
        offset += 8 + 4 + length + 4
    return offset


def flip_byte(path, offset):
    data = bytearray(path.read_bytes())
    data[offset] ^= 1
    path.write_bytes(data)


def files_of(data_format, directory, split, name="cifar10"):
    if data_format == "slim":
        return [directory / f"{name}_{split}.tfrecord"]
    count = len(SHARD_LENGTHS[split])
    return [
        directory / f"{name}-{split}.tfrecord-{shard:05d}-of-{count:05d}"
        for shard in range(count)
    ]


def examples_of(split, num_classes=10):
    """The images and labels that `write_cifar` writes."""
    count = sum(SHARD_LENGTHS[split])
    seed = ("train", "test").index(split)
    labels = np.random.default_rng(seed).integers(0, num_classes, count)
    return random_images(count, seed), labels


def write_cifar(data_format, root, name="cifar10", num_classes=10):
    """Writes a data set that `dataset_dir=root` finds; returns its files' folder."""
    directory = root / name / "3.0.2" if data_format == "tfds" else root
    for split, lengths in SHARD_LENGTHS.items():
        images, labels = examples_of(split, num_classes)
        records = [
            example(data_format, png(image), int(label))
            for image, label in zip(images, labels, strict=True)
        ]
        ends = np.cumsum(lengths) if data_format == "tfds" else [len(records)]
        files = files_of(data_format, directory, split, name)
        for file, start, end in zip(files, [0, *ends[:-1]], ends, strict=True):
            write_records(file, records[start:end])
    if data_format == "tfds":
        write_tfds_metadata(directory, name, num_classes)
    return directory


def write_tfds_metadata(directory, name="cifar10", num_classes=10):
    features = tfds.features.FeaturesDict(
        {
            "id": tfds.features.Text(),
            "image": tfds.features.Image(shape=(32, 32, 3)),
            "label": tfds.features.ClassLabel(num_classes=num_classes),
        }
    )
    template = tfds.core.ShardedFileTemplate(
        data_dir=directory, dataset_name=name, filetype_suffix="tfrecord"
    )
    tfds.folder_dataset.write_metadata(
        data_dir=str(directory),
        features=features,
        split_infos=[
            tfds.core.SplitInfo(
                name=split,
                shard_lengths=list(lengths),
                num_bytes=0,
                filename_template=template,
            )
            for split, lengths in SHARD_LENGTHS.items()
        ],
        check_data=False,
    )


def write_tfds_info(directory, name):
    """Writes what tells a TFDS data set from other folders, and nothing else."""
    directory.mkdir(parents=True)
    (directory / "dataset_info.json").write_text(json.dumps({"name": name}))


def home_without_data(monkeypatch, path: Path):
    """Makes `path` the home directory, so that no data of the machine is found."""
    monkeypatch.setenv("HOME", str(path))
    monkeypatch.delenv("TFDS_DATA_DIR", raising=False)
