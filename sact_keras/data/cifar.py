"""CIFAR-10 and CIFAR-100, in TFDS's format or TF-Slim's."""

import contextlib
import functools
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf
from absl import logging

from sact_keras.data.cifar_classes import CLASS_NAMES
from sact_keras.data.cifar_download import (
    download_cifar,
    download_directory,
    find_download_obstacle,
)
from sact_keras.data.cifar_files import describe_search, find_cifar, slim_file
from sact_keras.data.dataset_error import DatasetError
from sact_keras.data.dataset_files import DatasetFiles, DatasetFormat
from sact_keras.data.in_memory_dataset import InMemoryDataset, LabelledImages
from sact_keras.data.png_records import RecordFile, count_records, read_png_records
from sact_keras.data.split_sizes import SplitSizes

_IMAGE_SIZE = (32, 32)
_SLIM_FEATURES = {
    "image/encoded": tf.io.FixedLenFeature([], tf.string),
    "image/class/label": tf.io.FixedLenFeature([], tf.int64),
}


class CifarDataset(InMemoryDataset):
    """CIFAR-10 or CIFAR-100 (with its 100 fine labels), 32x32 in colour.

    Each split is read, and every record of it checked, on the split's first use.

    Args:
        name: "cifar10" or "cifar100".
        files: where the data set is, as `find_cifar` says.
    """

    def __init__(self, name: str, files: DatasetFiles) -> None:
        super().__init__(name, CLASS_NAMES[name], _IMAGE_SIZE)
        self._splits_on_disk = _OPENERS[files.format](name, files.directory)

    @functools.cached_property
    def num_examples(self) -> SplitSizes:
        """The number of examples in each split that is on disk.

        Asked for a split's, it raises a DatasetError if a file without a stated
        length cannot be read.
        """
        on_disk = [
            split
            for split, (files, _) in self._splits_on_disk.items()
            if files[0].path.exists()
        ]
        return SplitSizes(on_disk, self._count)

    def _count(self, split: str) -> int:
        files, stated = self._splits_on_disk[split]
        return sum(map(count_records, files)) if stated is None else stated

    def _read_split(self, split: str) -> LabelledImages:
        files, stated = self._splits_on_disk[split]
        return read_png_records(
            files,
            image_size=self.image_size,
            num_classes=self.num_classes,
            description=f"Reading {self.name} {split}",
            num_records=stated,
        )


def open_cifar(name: str, dataset_dir: str | None = None) -> CifarDataset:
    """Opens CIFAR where it is found, or downloads it with TFDS.

    Nothing is asked of the network when the data is found on disk.

    Args:
        name: "cifar10" or "cifar100".
        dataset_dir: see `find_cifar` and `download_directory`.

    Raises:
        DatasetError: if it is not there and cannot be downloaded, or if what is there
            is not the data set.
    """
    files = find_cifar(name, dataset_dir)
    if files is None:
        directory = download_directory(name, dataset_dir)
        obstacle = find_download_obstacle(name, directory)
        if obstacle is not None:
            raise DatasetError(
                f"{describe_search(name, dataset_dir)}, and it cannot be downloaded: "
                f"{obstacle}"
            )
        logging.info("Downloading %s into %s", name, directory)
        download_cifar(name, directory)
        files = find_cifar(name, str(directory))
        if files is None:
            raise DatasetError(f"TFDS did not put {name} there", path=directory)
    return CifarDataset(name, files)


#: The files of each split, and the number of examples in them where it is stated.
_Splits = dict[str, tuple[list[RecordFile], int | None]]


def _open_tfds(name: str, directory: Path) -> _Splits:
    import tensorflow_datasets as tfds

    with _faults_named(directory):
        builder = tfds.builder_from_directory(directory)
        num_classes = builder.info.features["label"].num_classes
        on_disk = {
            split: (list(info.filepaths), info.num_examples)
            for split, info in builder.info.splits.items()
        }
    if num_classes != len(CLASS_NAMES[name]):
        raise DatasetError(
            f"it has {num_classes} classes, {name} has {len(CLASS_NAMES[name])}",
            path=directory,
        )

    @tf.autograph.experimental.do_not_convert
    def select(record: dict[str, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        return record["image"], record["label"]

    def open_shard(split: str, shard: int) -> tf.data.Dataset:
        with _faults_named(directory):
            records = builder.as_dataset(
                split=f"{split}[{shard}shard:{shard + 1}shard]",
                shuffle_files=False,
                decoders={"image": tfds.decode.SkipDecoding()},
            )
            return records.map(select)

    splits: _Splits = {}
    for split in ("train", "test"):
        if split not in on_disk:
            raise DatasetError(f"it has no split {split!r}", path=directory)
        paths, num_examples = on_disk[split]
        files = [
            RecordFile(Path(path), functools.partial(open_shard, split, shard))
            for shard, path in enumerate(paths)
        ]
        splits[split] = (files, num_examples)
    return splits


@contextlib.contextmanager
def _faults_named(directory: Path) -> Iterator[None]:
    """TFDS raises errors of many kinds over what it finds in the JSON files."""
    try:
        yield
    except Exception as error:
        raise DatasetError(f"TFDS cannot open it: {error}", path=directory) from error


def _open_slim(name: str, directory: Path) -> _Splits:
    @tf.autograph.experimental.do_not_convert
    def parse(record: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        features = tf.io.parse_single_example(record, _SLIM_FEATURES)
        return features["image/encoded"], features["image/class/label"]

    def open_file(path: Path) -> tf.data.Dataset:
        records = tf.data.TFRecordDataset(str(path), buffer_size=2**20)
        return records.map(parse, num_parallel_calls=tf.data.AUTOTUNE)

    splits: _Splits = {}
    for split in ("train", "test"):
        path = slim_file(name, split, directory)
        splits[split] = ([RecordFile(path, functools.partial(open_file, path))], None)
    return splits


_OPENERS = {DatasetFormat.TFDS: _open_tfds, DatasetFormat.TF_SLIM: _open_slim}
