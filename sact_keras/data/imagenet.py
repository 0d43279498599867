"""ImageNet (ILSVRC 2012), in TFDS's format or TF-Slim's."""

import os
from collections.abc import Callable

import tensorflow as tf

from sact_keras.data.batch_part import rows_of_part
from sact_keras.data.dataset_error import DatasetError
from sact_keras.data.dataset_files import DatasetFiles
from sact_keras.data.image_dataset import ImageDataset, require_integer
from sact_keras.data.image_records import read_in_order, read_record
from sact_keras.data.imagenet_features import (
    FEATURES,
    read_class_names,
    without_background,
)
from sact_keras.data.imagenet_files import describe_imagenet_search, find_imagenet
from sact_keras.data.imagenet_splits import ImageNetSplits
from sact_keras.data.photograph_preprocessing import (
    SEED_LENGTH,
    get_photograph_preprocessing,
)
from sact_keras.data.shuffle import augmentation_seed, shuffled_indices
from sact_keras.data.split_sizes import SplitSizes

_DEFAULT_IMAGE_SIZE = 224
_CPUS = os.cpu_count() or 1


class ImageNetDataset(ImageDataset):
    """ImageNet's photographs, of 1000 classes; class 0 is the background by default.

    The records stay on disk. Those of a split are looked up when it is first used, by
    reading their headers alone; each is then read where it is needed, out of order
    in training, and only the part of the image that is kept is decoded.

    A record that is not as it should be ends a stream in a `tf.errors.OpError`, and
    `fault` holds the reason. With `skip_bad_records` evaluation leaves such records
    out, training takes the next good record in their place, and `skipped` lists them.

    Args:
        files: where the data set is, as `find_imagenet` says.
        image_size: the height and width of the images that are returned, in pixels.
        background: whether class 0 is the background, of which no photograph is, and
            there are 1001 classes. Otherwise there are the 1000 alone, from 0, and a
            record that is labelled as the background is bad.
        skip_bad_records: whether bad records are passed over.
    """

    evaluation_split = "validation"

    def __init__(
        self,
        files: DatasetFiles,
        *,
        image_size: int = _DEFAULT_IMAGE_SIZE,
        background: bool = True,
        skip_bad_records: bool = False,
    ) -> None:
        side = require_integer("image_size", image_size, minimum=1)
        names, features = read_class_names(files), FEATURES[files.format]
        if not background:
            names, features = names[1:], without_background(features)
        super().__init__("imagenet", names, (side, side))
        self._features = features
        self._skip_bad_records = skip_bad_records
        self._splits = ImageNetSplits(
            files, features, skip_bad_records=skip_bad_records
        )

    @property
    def num_examples(self) -> SplitSizes:
        """The number of records in each split that is on disk, bad ones included.

        Asked for a split's, it raises a DatasetError if the split cannot be read.
        """
        return self._splits.sizes

    @property
    def fault(self) -> DatasetError | None:
        """See `ImageDataset.fault`."""
        return self._splits.fault

    @property
    def skipped(self) -> list[DatasetError]:
        """See `ImageDataset.skipped`."""
        return self._splits.skipped

    def training_batches(
        self,
        batch_size: int,
        *,
        seed: int,
        start_step: int = 0,
        preprocessing: str = "sact",
        part: tuple[int, int] = (0, 1),
    ) -> tf.data.Dataset:
        """See `ImageDataset.training_batches`."""
        batch_size = require_integer("batch_size", batch_size, minimum=1)
        seed = require_integer("seed", seed, minimum=0, maximum=2**63 - 1)
        start_step = require_integer("start_step", start_step, minimum=0)
        rows = rows_of_part(part, batch_size)
        recipe = get_photograph_preprocessing(preprocessing)
        index, bad = self._splits.open("train")

        @tf.function(
            autograph=False,
            input_signature=[
                tf.TensorSpec([], tf.int64),
                tf.TensorSpec([SEED_LENGTH], tf.int64),
            ],
        )
        def load(number: tf.Tensor, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            # A function of its own, since it is traced for long and used twice.
            record = read_record(index, number)
            encoded, label = self._features.parse(record)
            boxes = self._features.parse_boxes(record)
            image = recipe.for_training(encoded, boxes, seed, self.image_size[0])
            return image, label

        def batch_of_step(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            seeds = tf.random.stateless_uniform(
                [batch_size, SEED_LENGTH],
                augmentation_seed(seed, step),
                minval=None,
                maxval=None,
                dtype=tf.int64,
                alg="philox",
            )[rows]

            def batch_of(numbers: tf.Tensor) -> tf.data.Dataset:
                slices = tf.data.Dataset.from_tensor_slices((numbers, seeds))
                examples = _map(slices, load, _CPUS)
                return examples.batch(rows.stop - rows.start, drop_remainder=True)

            numbers = shuffled_indices(step, batch_size, len(index), seed, rows)
            return bad.make(step, numbers, batch_of)

        steps = tf.data.Dataset.counter(start_step, dtype=tf.int64)
        # The next step is begun where the last images of one leave threads idle.
        return _finish(_map(steps, batch_of_step, 2))

    def evaluation_batches(
        self,
        batch_size: int,
        *,
        split: str = "validation",
        num_examples: int | None = None,
        preprocessing: str = "sact",
        normalized: bool = True,
    ) -> tf.data.Dataset:
        """See `ImageDataset.evaluation_batches`."""
        batch_size = require_integer("batch_size", batch_size, minimum=1)
        recipe = get_photograph_preprocessing(preprocessing)
        index, bad = self._splits.open(split)
        size = len(index)
        if num_examples is not None:
            size = require_integer(
                "num_examples", num_examples, minimum=1, maximum=size
            )

        def prepare(record: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            encoded, label = self._features.parse(record)
            pixels = recipe.for_evaluation(encoded, self.image_size[0])
            return recipe.normalize(pixels) if normalized else pixels, label

        if self._skip_bad_records:
            # One by one, since a file cannot be read on where it is damaged.
            records = _map(
                tf.data.Dataset.range(size),
                lambda number: (number, read_record(index, number)),
            )
        else:
            records = read_in_order(index).take(size)
        prepared = _map(records, lambda number, record: (number, *prepare(record)))
        batches = bad.batch(prepared, batch_size, size)
        if not self._skip_bad_records:
            number_of_batches = -(-size // batch_size)
            batches = batches.apply(
                tf.data.experimental.assert_cardinality(number_of_batches)
            )
        return _finish(batches)

    def normalize(self, pixels: tf.Tensor, *, preprocessing: str = "sact") -> tf.Tensor:
        """See `ImageDataset.normalize`."""
        return get_photograph_preprocessing(preprocessing).normalize(pixels)


def open_imagenet(
    dataset_dir: str | None = None,
    *,
    image_size: int | None = None,
    background: bool = True,
    skip_bad_records: bool = False,
) -> ImageNetDataset:
    """Opens ImageNet where it is found; it is never downloaded.

    Args:
        dataset_dir: see `find_imagenet`.
        image_size: of the images returned; None means 224.
        background: see `ImageNetDataset`.
        skip_bad_records: see `ImageNetDataset`.

    Raises:
        DatasetError: if it is not there.
        ValueError: for an `image_size` that is not a positive integer.
    """
    files = find_imagenet(dataset_dir)
    if files is None:
        raise DatasetError(
            f"{describe_imagenet_search(dataset_dir)}, and it cannot be downloaded: "
            "its licence asks for a request to be made at image-net.org"
        )
    return ImageNetDataset(
        files,
        image_size=_DEFAULT_IMAGE_SIZE if image_size is None else image_size,
        background=background,
        skip_bad_records=skip_bad_records,
    )


def _map(
    dataset: tf.data.Dataset, function: Callable, calls: int = tf.data.AUTOTUNE
) -> tf.data.Dataset:
    """Maps on several threads, in order."""
    return dataset.map(
        tf.autograph.experimental.do_not_convert(function),
        num_parallel_calls=calls,
        deterministic=True,
    )


def _finish(batches: tf.data.Dataset) -> tf.data.Dataset:
    """Lets batches be made some ahead of their use, each always in the same way."""
    options = tf.data.Options()
    options.experimental_optimization.apply_default_optimizations = False
    return batches.prefetch(tf.data.AUTOTUNE).with_options(options)
