"""Cases of a fuzz: files of records, and what describes them, through each reader.

Checksums protect TFRecords: what is read of a file that was altered is what had been
written. Where they were made right again, the altered record alone may be another, and
its PNG has checksums of its own.
"""

import hashlib
import itertools
import shutil
from pathlib import Path

import imagenet_on_disk
import numpy as np
import tensorflow as tf
from byte_mutations import mutate
from expected_records import DATASETS, ExpectedRecords, RecordCase
from record_mutations import mutate_length, mutate_order, mutate_record

from sact_keras.data import DatasetError, open_dataset

_IMAGE_SIZE = imagenet_on_disk.IMAGE_SIZE
_STEPS = 2


class Cases:
    """See `fuzz_process`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._whole = {}
        for name, disk in DATASETS.items():
            for data_format in disk.FORMATS:
                root = directory / name / data_format
                write = disk.write_cifar if name == "cifar10" else disk.write_imagenet
                write(data_format, root)
                if (name, data_format) == ("imagenet", "slim"):
                    lines = [f"{n}:class {n}\n" for n in range(1001)]
                    (root / "labels.txt").write_text("".join(lines))
                for split in disk.SHARD_LENGTHS:
                    for preprocessing in ("sact", "aig"):
                        key = name, data_format, split, preprocessing
                        self._whole[key] = _Reader(root, *key).read()

    def make(self, random: np.random.Generator, directory: Path) -> RecordCase:
        # A case of ImageNet takes ten times as long, and one of its training longest.
        name = str(random.choice(["cifar10", "imagenet"], p=[0.6, 0.4]))
        data_format = str(random.choice(["tfds", "slim"]))
        root = directory / "data"
        shutil.copytree(self._directory / name / data_format, root)
        preprocessing = str(random.choice(["sact", "aig"]))
        place = f"{name}, {data_format}"
        if random.random() < 0.1:
            descriptions = sorted([*root.rglob("*.json"), *root.rglob("labels.txt")])
            if descriptions:
                file = descriptions[random.integers(len(descriptions))]
                change, content = mutate(file.read_bytes(), random)
                file.write_bytes(content)
                kind = f"{place}, {file.name}: {change}"
                return RecordCase(kind, name, data_format, None, root, file)
        disk = DATASETS[name]
        split = str(random.choice(list(disk.SHARD_LENGTHS), p=[0.3, 0.7]))
        inner = (
            root / {"cifar10": "cifar10/3.0.2", "imagenet": "imagenet2012/5.1.0"}[name]
        )
        folder = inner if data_format == "tfds" else root
        files = disk.files_of(data_format, folder, split)
        file = files[random.integers(len(files))]
        case = RecordCase("", name, data_format, split, root, file)
        case.preprocessing = preprocessing
        case.kind = f"{place}, {split}: {_alter(case, random)}"
        return case

    def check(self, case: RecordCase) -> tuple[str, str]:
        splits = [case.split] if case.split else DATASETS[case.dataset].SHARD_LENGTHS
        answers = []
        for split in splits:
            key = case.dataset, case.data_format, split, case.preprocessing
            answers.append(self._check_split(case, key))
        refused = [said for status, said in answers if status == "refused"]
        return ("refused", refused[0]) if refused else ("read", "")

    def _check_split(self, case: RecordCase, key: tuple) -> tuple[str, str]:
        expected = ExpectedRecords(self._whole[key], case)
        reader = _Reader(case.root, *key)
        try:
            found = reader.read()
        except DatasetError as error:
            expected.check_refused(error, reader.begun)
            answer = "refused", str(error)
        else:
            expected.check_read(found)
            answer = "read", ""
        if case.dataset == "imagenet":
            skipping = _Reader(case.root, *key, skip_bad_records=True)
            try:
                found = skipping.read()
            except DatasetError as error:
                expected.check_refused(error, None)
            else:
                expected.check_skipped(found, skipping.skipped, answer[0])
        return answer


class _Reader:
    """Reads a split as evaluation does, and ImageNet's training split as training."""

    def __init__(
        self,
        root: Path,
        name: str,
        data_format: str,
        split: str,
        preprocessing: str,
        **options: bool,
    ) -> None:
        self._root, self._name, self._split = root, name, split
        self._preprocessing = preprocessing
        self._options = options
        self.begun: list[tuple[str, int]] = []
        self.skipped: list[DatasetError] = []

    def read(self) -> list[tuple[str, int]]:
        """A digest of each image, and its label; raises a DatasetError."""
        if self._name == "cifar10":
            return _entries(
                *open_dataset("cifar10", str(self._root)).examples(self._split)
            )
        dataset = open_dataset(
            "imagenet", str(self._root), image_size=_IMAGE_SIZE, **self._options
        )
        options = {"preprocessing": self._preprocessing}
        if self._split == "train":
            batches = dataset.training_batches(4, seed=0, **options).take(_STEPS)
        else:
            batches = dataset.evaluation_batches(3, **options)
        self.begun = []
        try:
            for images, labels in batches:
                assert np.isfinite(images).all()
                assert np.abs(images).max() < 4
                self.begun += _entries(images, labels)
        except tf.errors.OpError as error:
            if dataset.fault is None:
                raise
            raise dataset.fault from error
        finally:
            self.skipped = list(dataset.skipped)
        return self.begun


def _entries(images, labels) -> list[tuple[str, int]]:
    digests = (hashlib.sha256(image.tobytes()).hexdigest() for image in images.numpy())
    return list(zip(digests, labels.numpy().tolist(), strict=True))


def _alter(case: RecordCase, random: np.random.Generator) -> str:
    """Alters the case's file; returns how."""
    content = case.file.read_bytes()
    draw = random.random()
    if draw < 0.4:
        kind, altered = mutate(content, random)
        case.intact = _count_intact(content, altered)
    elif draw < 0.5:
        number, altered = mutate_length(content, random)
        kind, case.intact = "length with its checksum", number
    elif draw < 0.6 and len(list(_spans(content))) > 1:
        kind, case.order, altered = mutate_order(content, random)
    else:
        kind, case.altered, altered = mutate_record(content, random)
    case.file.write_bytes(altered)
    return kind


def _spans(content: bytes) -> list[tuple[int, int]]:
    spans, offset = [], 0
    while offset < len(content):
        length = int.from_bytes(content[offset : offset + 8], "little")
        spans.append((offset, offset + 16 + length))
        offset += 16 + length
    return spans


def _count_intact(content: bytes, altered: bytes) -> int:
    pairs = itertools.zip_longest(content, altered)
    first = next(n for n, (one, other) in enumerate(pairs) if one != other)
    return sum(end <= first for _, end in _spans(content))
