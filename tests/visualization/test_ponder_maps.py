"""The page of images and ponder maps."""

import numpy as np
import pytest
from PIL import Image

from sact_keras.visualization import ponder_caption, save_ponder_map_grid

# Colours of matplotlib's "viridis".
CHEAPEST = (68, 1, 84)
HALF_WAY = (33, 145, 140)
DEAREST = (253, 231, 36)


def draw(path, images, maps, maximum=18):
    captions = [f"image {i}" for i in range(len(images))]
    save_ponder_map_grid(path, images, maps, captions, maximum)
    return np.asarray(Image.open(path).convert("RGB")).astype(int)


def first_column_of(picture, colour):
    """The leftmost column with a good many pixels near to the colour."""
    near = np.abs(picture - colour).max(axis=-1) <= 2
    (columns,) = np.nonzero(near.sum(axis=0) > 20)
    assert len(columns), f"nothing is drawn in {colour}"
    return columns[0]


@pytest.mark.parametrize(
    ("flops", "num_units", "caption"),
    [
        (82_393_168, 9.32, "82.4 MFLOPs, 9.3 units"),
        (999_900_000, 15, "999.9 MFLOPs, 15.0 units"),
        (8_180_000_000, 16.04, "8.18 GFLOPs, 16.0 units"),
    ],
)
def test_caption(flops, num_units, caption):
    assert ponder_caption(flops, num_units) == caption


def test_images_are_sorted_from_cheap_to_dear(tmp_path):
    red, green, blue = (220, 20, 20), (20, 160, 20), (20, 20, 220)
    images = np.array([np.full((8, 8, 3), c, np.uint8) for c in (red, green, blue)])
    maps = [np.full((8, 8), cost) for cost in (12.0, 17.0, 3.0)]
    picture = draw(tmp_path / "grid.png", images, maps)
    places = [first_column_of(picture, colour) for colour in (blue, red, green)]
    assert places == sorted(places)


def test_scale_goes_from_zero_to_the_maximum(tmp_path):
    image = np.full((8, 8, 3), 255, np.uint8)
    ponder_map = np.zeros((8, 8))
    ponder_map[:, 4:] = 18
    whole = draw(tmp_path / "whole.png", [image], [ponder_map], maximum=18)
    half = draw(tmp_path / "half.png", [image], [ponder_map], maximum=36)
    assert first_column_of(whole, CHEAPEST) == first_column_of(half, CHEAPEST)
    assert first_column_of(whole, DEAREST) == first_column_of(half, HALF_WAY)


def test_images_may_differ_in_size_and_fill_several_rows(tmp_path):
    sizes = [(8, 8), (12, 6), (5, 9), (8, 8), (7, 7)]
    images = [np.zeros((*size, 3), np.uint8) for size in sizes]
    maps = [np.full(size, 3.0) for size in sizes]
    several = draw(tmp_path / "several.png", images, maps)
    one = draw(tmp_path / "one.png", images[:1], maps[:1])
    assert several.shape[0] == 2 * one.shape[0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"captions": []}, "2 images, 2 maps and 0 captions"),
        ({"images_uint8": [], "ponder_maps": [], "captions": []}, "0 images"),
        ({"images_uint8": np.zeros((2, 4, 4, 3))}, "image 0 of type float64"),
        ({"images_uint8": np.zeros((2, 4, 4), np.uint8)}, r"shape \(4, 4\)"),
        ({"ponder_maps": np.zeros((2, 3, 4))}, r"\(4, 4\).*map 0 of shape \(3, 4\)"),
        ({"ponder_maps": np.full((2, 4, 4), 19.0)}, r"maximum=18\].*19"),
        ({"maximum": -1}, "maximum=-1"),
    ],
)
def test_wrong_arguments_are_named_and_leave_no_file(tmp_path, changes, message):
    arguments = {
        "images_uint8": np.zeros((2, 4, 4, 3), np.uint8),
        "ponder_maps": np.zeros((2, 4, 4)),
        "captions": ["a", "b"],
        "maximum": 18,
    }
    with pytest.raises(ValueError, match=message):
        save_ponder_map_grid(tmp_path / "grid.png", **(arguments | changes))
    assert not list(tmp_path.iterdir())


def test_failed_write_keeps_the_earlier_picture(tmp_path, monkeypatch):
    path = tmp_path / "grid.png"
    path.write_bytes(b"earlier")

    def fail(descriptor):
        raise OSError("no space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="no space left"):
        draw(path, np.zeros((1, 4, 4, 3), np.uint8), np.zeros((1, 4, 4)))
    assert path.read_bytes() == b"earlier"
    assert list(tmp_path.iterdir()) == [path]


def test_missing_directory_is_an_error(tmp_path):
    path = tmp_path / "absent" / "grid.png"
    with pytest.raises(FileNotFoundError):
        draw(path, np.zeros((1, 4, 4, 3), np.uint8), np.zeros((1, 4, 4)))
