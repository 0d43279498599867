"""Small models whose decisions vary, and images for them to vary between."""

import numpy as np
from tiny_training import tiny_model

SCALES = {"/halting/": 1.5, "/gates/": 3.0, "/maskers/": 0.5}
"""Part of the path of what decides -> the deviation of its random weights."""


def varied_model(model_type, **arguments):
    """A model whose decisions vary between images and positions."""
    model = tiny_model(model_type, **{"model": "1_2_1", **arguments})
    generator = np.random.default_rng(1)
    for variable in model.weights:
        for part, scale in SCALES.items():
            if part in variable.path and variable.path.endswith(("kernel", "bias")):
                variable.assign(generator.normal(0, scale, size=variable.shape))
    return model


def random_examples(count=11):
    """(images, labels), of different contrast and of ten classes."""
    generator = np.random.default_rng(0)
    contrast = np.linspace(0.3, 2.0, count)[:, None, None, None]
    images = (contrast * generator.normal(size=(count, 32, 32, 3))).astype("float32")
    return images, generator.integers(0, 10, size=count)


def in_batches(examples, size):
    """Yields the examples so many at a time."""
    images, labels = examples
    for begin in range(0, len(images), size):
        yield images[begin : begin + size], labels[begin : begin + size]
