"""The picture of images in several versions."""

import io

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from sact_keras.visualization.image_versions import (
    RIGHT,
    WRONG,
    draw_image_versions,
)

RED, GREEN, BLUE = (220, 20, 20), (20, 160, 20), (20, 20, 220)


def plain_images(*colours, side=32):
    return np.array([np.full((side, side, 3), colour, np.uint8) for colour in colours])


def draw(versions, predictions, truths):
    png = draw_image_versions(versions, predictions, truths)
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def has_text(picture, colour):
    expected = np.multiply(to_rgb(colour), 255)
    return (np.abs(picture - expected).max(axis=-1) <= 2).any()


def place_of(picture, colour):
    """The first row and column with a good many pixels of the colour."""
    near = np.abs(picture - colour).max(axis=-1) <= 2
    assert near.sum() > 5000, f"nothing is drawn in {colour}"
    return near.any(axis=1).argmax(), near.any(axis=0).argmax()


def test_a_row_for_each_version_and_a_column_for_each_image():
    picture = draw(
        {"clean": plain_images(RED, GREEN), "attacked": plain_images(BLUE, (0, 0, 0))},
        {"clean": ["cat", "dog"], "attacked": ["cat", "dog"]},
        ["cat", "dog"],
    )
    red, green, blue = (place_of(picture, colour) for colour in (RED, GREEN, BLUE))
    assert red[0] == green[0] < blue[0]
    assert red[1] == blue[1] < green[1]


@pytest.mark.parametrize(("prediction", "is_right"), [("cat", True), ("dog", False)])
def test_what_is_wrong_is_red(prediction, is_right):
    picture = draw({"clean": plain_images((9, 9, 9))}, {"clean": [prediction]}, ["cat"])
    assert has_text(picture, RIGHT) == is_right
    assert has_text(picture, WRONG) != is_right


def test_long_names_are_cut_and_have_room():
    name = "American Staffordshire terrier, Staffordshire terrier, pit bull terrier"
    images = {"clean": plain_images(RED), "attacked": plain_images(RED)}
    long = draw(images, {"clean": [name], "attacked": [name]}, [name])
    short = draw(images, {"clean": ["cat"], "attacked": ["cat"]}, ["cat"])
    assert long.shape[1] == short.shape[1]
    assert long.shape[0] > short.shape[0]
    # The images are no smaller for it.
    drawn = [
        (np.abs(picture - RED).max(axis=-1) <= 2).sum() for picture in (long, short)
    ]
    assert drawn[0] == pytest.approx(drawn[1], rel=0.1)


@pytest.mark.parametrize(
    ("count", "predicted", "truths"), [(2, 1, 2), (2, 2, 1), (1, 2, 2), (0, 0, 0)]
)
def test_numbers_that_differ_are_named(count, predicted, truths):
    images = np.zeros((count, 4, 4, 3), np.uint8)
    message = f"{truths} truths, and in 'clean' {count} images and {predicted} pred"
    with pytest.raises(ValueError, match=message):
        draw_image_versions(
            {"clean": images}, {"clean": ["cat"] * predicted}, ["cat"] * truths
        )
