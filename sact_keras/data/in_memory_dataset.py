"""Streams of batches over a data set that is held in memory as 8-bit images."""

import abc
from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from sact_keras.data.batch_part import rows_of_part
from sact_keras.data.image_dataset import ImageDataset, require_integer
from sact_keras.data.preprocessing import get_preprocessing
from sact_keras.data.random_crops import RandomCrops
from sact_keras.data.shuffle import augmentation_seed, shuffled_indices


class LabelledImages(NamedTuple):
    """One split in memory.

    Attributes:
        images: uint8 `[n, height, width, 3]`.
        labels: int32 `[n]`.
    """

    images: tf.Tensor
    labels: tf.Tensor


class InMemoryDataset(ImageDataset):
    """A data set whose splits are read whole, each on its first use.

    Batches are made by arithmetic on the step's number: no shuffle buffer is filled,
    no generator carries state, and opening the stream at step one million costs what
    opening it at step 0 does. The work on a batch is a handful of operations on
    tensors of the whole batch, done by several threads in a fixed order.

    A subclass implements `num_examples` and `_read_split`.

    Attributes:
        splits: the names of the splits that may be asked for.
    """

    splits: tuple[str, ...] = ("train", "test")

    def __init__(
        self, name: str, class_names: tuple[str, ...], image_size: tuple[int, int]
    ) -> None:
        super().__init__(name, class_names, image_size)
        self._splits: dict[str, LabelledImages] = {}

    @abc.abstractmethod
    def _read_split(self, split: str) -> LabelledImages:
        """Reads or makes all examples of one of `splits`."""

    def examples(self, split: str) -> LabelledImages:
        """Returns all examples of a split, as they are before preprocessing.

        Args:
            split: one of `splits`.

        Returns:
            uint8 images `[n, height, width, 3]` and int32 labels `[n]`.

        Raises:
            ValueError: for a split of another name.
            DatasetError: if the split cannot be read.
        """
        if split not in self.splits:
            raise ValueError(
                f"`split` must be {' or '.join(map(repr, self.splits))}. "
                f"Received: split={split!r}"
            )
        if split not in self._splits:
            # Gathering is the CPU's work: on an accelerator the images would be
            # copied back for every batch.
            with tf.device("CPU:0"):
                self._splits[split] = self._read_split(split)
        return self._splits[split]

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
        recipe = get_preprocessing(preprocessing)
        images, labels = self.examples("train")
        size = labels.shape[0]

        def batch_of_step(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            chosen = shuffled_indices(step, batch_size, size, seed, rows)
            crops = RandomCrops.draw(
                batch_size,
                padding=recipe.padding,
                seed=augmentation_seed(seed, step),
            )
            augmented = crops.of(rows).apply(tf.gather(images, chosen))
            return recipe.normalize(augmented), tf.gather(labels, chosen)

        steps = tf.data.Dataset.counter(start_step, dtype=tf.int64)
        return _in_parallel(steps, batch_of_step)

    def evaluation_batches(
        self,
        batch_size: int,
        *,
        split: str | None = None,
        num_examples: int | None = None,
        preprocessing: str = "sact",
        normalized: bool = True,
    ) -> tf.data.Dataset:
        """See `ImageDataset.evaluation_batches`."""
        batch_size = require_integer("batch_size", batch_size, minimum=1)
        recipe = get_preprocessing(preprocessing)
        images, labels = self.examples(
            self.evaluation_split if split is None else split
        )
        size = labels.shape[0]
        if num_examples is not None:
            size = require_integer(
                "num_examples", num_examples, minimum=1, maximum=size
            )

        def batch_at(indices: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            pixels = tf.cast(tf.gather(images, indices), tf.float32)
            prepared = recipe.normalize(pixels) if normalized else pixels
            return prepared, tf.gather(labels, indices)

        return _in_parallel(tf.data.Dataset.range(size).batch(batch_size), batch_at)

    def normalize(self, pixels: tf.Tensor, *, preprocessing: str = "sact") -> tf.Tensor:
        """See `ImageDataset.normalize`."""
        return get_preprocessing(preprocessing).normalize(pixels)


def _in_parallel(
    dataset: tf.data.Dataset, make_batch: Callable[..., tuple[tf.Tensor, tf.Tensor]]
) -> tf.data.Dataset:
    """Maps on several threads, in order, some batches ahead of their use."""
    dataset = dataset.map(
        tf.autograph.experimental.do_not_convert(make_batch),
        num_parallel_calls=tf.data.AUTOTUNE,
        deterministic=True,
    )
    options = tf.data.Options()
    # The optimizer of tf.data would write the captured images into its graph, as a
    # second copy of the whole data set, and has nothing to fuse here.
    options.experimental_optimization.apply_default_optimizations = False
    return dataset.prefetch(tf.data.AUTOTUNE).with_options(options)
