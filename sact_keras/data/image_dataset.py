"""What a data set of labelled images offers to training and evaluation."""

import abc
from collections.abc import Mapping, Sequence

import tensorflow as tf

from sact_keras.data.dataset_error import DatasetError


class ImageDataset(abc.ABC):
    """Labelled images of one size, in a training split and one to evaluate on.

    A subclass says where the images come from and how they are streamed. What all
    promise is that the training stream can be opened at any step and goes on exactly
    as if it had run from the start, so that an interrupted training resumes exactly.

    Attributes:
        name: the data set's name, as in `--dataset`.
        class_names: one name for each class, in the order of the labels.
        image_size: height and width of every image, in pixels.
        evaluation_split: the name of the split to evaluate on; the other is "train".
        fault: what is wrong with the record on which a stream has ended in a
            `tf.errors.OpError`; None if no stream has.
        skipped: what is wrong with each record that was left out or replaced so far.
    """

    evaluation_split = "test"
    fault: DatasetError | None = None
    skipped: Sequence[DatasetError] = ()

    def __init__(
        self, name: str, class_names: tuple[str, ...], image_size: tuple[int, int]
    ) -> None:
        self.name = name
        self.class_names = class_names
        self.image_size = image_size

    @property
    def num_classes(self) -> int:
        """The number of classes; labels are in `[0, num_classes)`."""
        return len(self.class_names)

    @property
    @abc.abstractmethod
    def num_examples(self) -> Mapping[str, int]:
        """The number of examples in each split, by the split's name.

        A split may be counted only when its number is asked for, and a DatasetError
        be raised then.
        """

    @abc.abstractmethod
    def training_batches(
        self,
        batch_size: int,
        *,
        seed: int,
        start_step: int = 0,
        preprocessing: str = "sact",
        part: tuple[int, int] = (0, 1),
    ) -> tf.data.Dataset:
        """Returns an infinite stream of augmented, preprocessed training batches.

        The batch of step k is a function of `batch_size`, `seed` and k alone: a
        stream opened at `start_step=k` equals, bit for bit, what remains of one
        opened at 0 after k batches. Every example comes once an epoch, every epoch
        in an order of its own; a batch may begin in one epoch and end in the next.

        Several workers share a batch by making a part of its rows each: the parts of
        all, put together in their order, are bit for bit the batch of one worker.

        Args:
            batch_size: images a batch, of all parts together; at least 1.
            seed: any non-negative integer below 2**63.
            start_step: the step to begin at, from 0.
            preprocessing: whose networks the images are for: a name in
                `PREPROCESSING`; for ImageNet, in `PHOTOGRAPH_PREPROCESSING`.
            part: (index, count): which of `count` equal parts of each batch's rows to
                make, counted from 0; `count` divides `batch_size`.

        Returns:
            A dataset of (float32 images `[batch_size / count, height, width, 3]`, int32
            labels `[batch_size / count]`).

        Raises:
            ValueError: for an argument outside its range.
            DatasetError: if the training split cannot be read.
        """

    @abc.abstractmethod
    def evaluation_batches(
        self,
        batch_size: int,
        *,
        split: str = "test",
        num_examples: int | None = None,
        preprocessing: str = "sact",
        normalized: bool = True,
    ) -> tf.data.Dataset:
        """Returns every example of a split once, in a fixed order, not augmented.

        Args:
            batch_size: images a batch, at least 1; the last batch may be smaller.
            split: "train" or the data set's `evaluation_split`, which is the default.
            num_examples: how many of the first examples to return; None means all.
            preprocessing: whose networks the images are for: a name in
                `PREPROCESSING`; for ImageNet, in `PHOTOGRAPH_PREPROCESSING`.
            normalized: whether the images are what a network takes. Otherwise they are
                pixels in [0, 255], of which `normalize` makes that: an image of CIFAR
                as it is, one of ImageNet or of a folder cropped and resized.

        Returns:
            A finite dataset of (float32 images `[n, height, width, 3]`, int32 labels
            `[n]`) with `n <= batch_size`.

        Raises:
            ValueError: for an argument outside its range.
            DatasetError: if the split cannot be read.
        """

    @abc.abstractmethod
    def normalize(self, pixels: tf.Tensor, *, preprocessing: str = "sact") -> tf.Tensor:
        """Makes a network's input of pixels, as `evaluation_batches` does.

        It is differentiable, and takes images one by one or in batches: an attack can
        change pixels, bounded in units of a pixel, and follow a network's gradient.

        Args:
            pixels: `[..., height, width, 3]`, in [0, 255], of any type.
            preprocessing: as in `evaluation_batches`.

        Returns:
            float32 of the shape of `pixels`.

        Raises:
            ValueError: for an unknown `preprocessing`.
        """


def require_integer(
    name: str, value: int, *, minimum: int, maximum: int | None = None
) -> int:
    """Returns `value` as a Python integer, or raises a ValueError that names it."""
    expected = f"an integer of at least {minimum}"
    if maximum is not None:
        expected += f" and at most {maximum}"
    try:
        integer = value.__index__()
    except AttributeError:
        integer = None
    in_range = (
        integer is not None
        and integer >= minimum
        and (maximum is None or integer <= maximum)
    )
    if not in_range:
        raise ValueError(f"`{name}` must be {expected}. Received: {name}={value!r}")
    return integer
