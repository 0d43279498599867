"""The images that a quantization is calibrated on."""

import numpy as np

from sact_keras.data import DatasetError, ImageDataset
from sact_keras.training.data_faults import faults_of
from sact_keras.training.image_groups import image_groups
from sact_keras.training.options import Options

_DRAWN_FROM = 10


def draw_calibration_images(
    dataset: ImageDataset, options: Options, *, split: str, number: int
) -> np.ndarray:
    """Draws images of a split, by `options.seed`, as they look.

    They are drawn from the first of the split, ten times as many, so that of a large
    data set not all has to be read.

    Args:
        dataset: The data set.
        options: Resolved options: the batch size, the preparation of the images.
        split: Which split.
        number: How many images; where there are fewer, all.

    Returns:
        Pixels in [0, 255], float32 [number, H, W, 3].

    Raises:
        DatasetError: If there is no such split, or an example cannot be read.
    """
    if split not in dataset.num_examples:
        raise DatasetError(
            f"the data set {dataset.name} must have the split {split!r} to calibrate "
            "on, or --calibration_split must name another. Received: "
            f"{' and '.join(dataset.num_examples)}"
        )
    available = min(dataset.num_examples[split], _DRAWN_FROM * number)
    rng = np.random.default_rng(options.seed)
    chosen = np.zeros(available, bool)
    chosen[rng.permutation(available)[:number]] = True
    batches = dataset.evaluation_batches(
        options.eval_batch_size,
        split=split,
        num_examples=available,
        preprocessing=options.preprocessing,
        normalized=False,
    )
    groups = image_groups(
        batches,
        options.eval_batch_size,
        num_examples=available,
        description="Drawing calibration images",
    )
    images, begin = [], 0
    with faults_of(dataset):
        for group in groups:
            end = begin + group.count
            images.append(group.images[: group.count][chosen[begin:end]])
            begin = end
    if not any(map(len, images)):
        raise DatasetError(
            f"there is no good record to calibrate on in {dataset.name}/{split}"
        )
    return np.concatenate(images)
