"""A picture of images in several versions, and what each is taken for."""

import io
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from sact_keras.visualization.class_names import plain_text, shorten_class_name

CELL_INCHES = (1.35, 1.32)  # Width and height of an image.
LABEL_INCHES = 0.4  # To the left: the versions' names.
LINE_INCHES = 0.18  # Of text, above and below an image.
CHARACTERS = 16  # Of a class's name in a line; there are two.
RIGHT, WRONG = "#1a7a3a", "#c02020"
DOTS_PER_INCH = 150


def draw_image_versions(
    versions: Mapping[str, np.ndarray],
    predictions: Mapping[str, Sequence[str]],
    truths: Sequence[str],
) -> bytes:
    """Draws a column for each image and a row for each version.

    Under an image stands the class that it is taken for, in green where that is the
    right one and in red where it is not; the right one stands above the column.

    Args:
        versions: Name of a version -> images, uint8 [N, height, width, 3].
        predictions: Name of a version -> the class that each image is taken for.
        truths: The right class of each image.

    Returns:
        A PNG file.

    Raises:
        ValueError: If there is no image, or the numbers of images, predictions and
            classes differ.

    Example:
        >>> images = np.zeros((2, 32, 32, 3), np.uint8)
        >>> png = draw_image_versions(
        ...     {"clean": images, "attacked": images},
        ...     {"clean": ["cat", "dog"], "attacked": ["dog", "dog"]},
        ...     truths=["cat", "dog"],
        ... )
        >>> png[1:4]
        b'PNG'
    """
    for name, images in versions.items():
        if not len(images) == len(predictions[name]) == len(truths) > 0:
            raise ValueError(
                "`versions`, `predictions` and `truths` must be equally many, and at "
                f"least one. Received: {len(truths)} truths, and in {name!r} "
                f"{len(images)} images and {len(predictions[name])} predictions"
            )
    titles = _shorten(truths)
    captions = {name: _shorten(given) for name, given in predictions.items()}
    texts = [*titles, *(text for given in captions.values() for text in given)]
    text_height = LINE_INCHES * max(len(text.splitlines()) for text in texts)
    rows, columns = len(versions), len(truths)
    width, height = CELL_INCHES
    figure = Figure(
        figsize=(
            columns * width + LABEL_INCHES,
            rows * (height + text_height) + text_height,
        ),
        layout="constrained",
    )
    axes = figure.subplots(rows, columns, squeeze=False)
    for row, (name, images) in zip(axes, versions.items(), strict=True):
        row[0].set_ylabel(name)
        for column, axis in enumerate(row):
            is_right = predictions[name][column] == truths[column]
            axis.imshow(images[column])
            axis.set_xticks([])
            axis.set_yticks([])
            axis.set_xlabel(
                captions[name][column],
                color=RIGHT if is_right else WRONG,
                fontsize="small",
            )
    for axis, title in zip(axes[0], titles, strict=True):
        axis.set_title(title, fontsize="small")
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=DOTS_PER_INCH)
    return picture.getvalue()


def _shorten(names: Sequence[str]) -> list[str]:
    return [plain_text(shorten_class_name(name, CHARACTERS)) for name in names]
