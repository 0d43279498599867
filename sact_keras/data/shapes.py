"""The built-in data set: small objects over a cluttered background."""

import functools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import tensorflow as tf

from sact_keras.data.in_memory_dataset import InMemoryDataset, LabelledImages
from sact_keras.data.shape_outlines import OUTLINES
from sact_keras.data.shape_painter import IMAGE_SIZE, PaintedShapes, paint_shapes

_NUM_EXAMPLES = {"train": 20000, "test": 2000}
_CHUNK = 1000  # Bounds the memory that painting takes; part of what defines the data.


class ShapesDataset(InMemoryDataset):
    """Ten outlines, painted from random numbers: no files, no download.

    Each image, 32x32 in colour, shows one object of about 9 to 13 pixels at a random
    place, in a random size, colour and rotation (up to 25 degrees), over smooth colour
    crossed by patches, lines and specks that say nothing about the class. A linear
    model cannot tell the classes apart; a small convolutional network can. As only a
    small part of an image matters, and it is known which, the data set also serves to
    see whether computation follows the object.

    The examples are the same on every machine and under every version of NumPy.

    Example:
        >>> dataset = ShapesDataset()
        >>> dataset.class_names[:4]
        ('disc', 'ring', 'square', 'triangle')
        >>> dataset.object_masks("test").shape
        (2000, 32, 32)
    """

    def __init__(self) -> None:
        super().__init__("shapes", tuple(OUTLINES), (IMAGE_SIZE, IMAGE_SIZE))
        self._object_masks: dict[str, np.ndarray] = {}

    @property
    def num_examples(self) -> dict[str, int]:
        """See `ImageDataset.num_examples`."""
        return dict(_NUM_EXAMPLES)

    def object_masks(self, split: str) -> np.ndarray:
        """Returns where the objects are, in the order of `evaluation_batches`.

        Args:
            split: "train" or "test".

        Returns:
            uint8 `[n, 32, 32]`: 1 on the object, 0 elsewhere.

        Raises:
            ValueError: for a split of another name.
        """
        self.examples(split)  # Paints the split, or refuses its name.
        return self._object_masks[split]

    def _read_split(self, split: str) -> LabelledImages:
        # Keys of the two splits never meet: even ones for one, odd for the other.
        first_key = ("train", "test").index(split)
        keys = [first_key + 2 * i for i in range(_NUM_EXAMPLES[split] // _CHUNK)]
        with ThreadPoolExecutor() as pool:  # NumPy works outside the global lock.
            chunks = list(pool.map(functools.partial(paint_shapes, _CHUNK), keys))
        painted = PaintedShapes(*map(np.concatenate, zip(*chunks, strict=True)))
        self._object_masks[split] = painted.object_masks
        return LabelledImages(tf.constant(painted.images), tf.constant(painted.labels))
