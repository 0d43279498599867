"""A data set that any network learns in seconds."""

import numpy as np


def four_classes():
    """32 images of 8 x 8, told apart by their brightest channel and half; labels."""
    rng = np.random.default_rng(0)
    labels = np.arange(32) % 4
    images = 0.5 * rng.normal(size=(32, 8, 8, 3))
    for image, label in zip(images, labels, strict=True):
        image[4 * (label // 2) : 4 * (label // 2) + 4, :, label % 2] += 2.0
    return images.astype("float32"), labels
