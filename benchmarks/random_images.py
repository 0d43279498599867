"""A data set of random images."""

import numpy as np
import tensorflow as tf

from sact_keras.data.in_memory_dataset import InMemoryDataset, LabelledImages


class RandomImages(InMemoryDataset):
    """As many random images as a benchmark needs, in CIFAR's size and classes."""

    def __init__(self) -> None:
        super().__init__("cifar10", tuple("0123456789"), (32, 32))

    @property
    def num_examples(self) -> dict[str, int]:
        """Few: what is trained does not matter."""
        return {"train": 4096, "test": 128}

    def _read_split(self, split: str) -> LabelledImages:
        generator, size = np.random.default_rng(0), self.num_examples[split]
        images = generator.integers(0, 256, (size, 32, 32, 3), dtype=np.uint8)
        labels = generator.integers(10, size=size, dtype=np.int32)
        return LabelledImages(tf.constant(images), tf.constant(labels))
