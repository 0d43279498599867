"""Tests of the pictures of single ponder maps."""

import io

import matplotlib
import numpy as np
import pytest
from PIL import Image

from sact_keras.visualization.ponder_map_pictures import (
    as_picture,
    colour_ponder_map,
    draw_colour_bar,
    overlay_ponder_map,
    save_picture,
)

# More computation at the upper right corner than anywhere else.
MAP = np.full((120, 411), 2.0)
MAP[:40, 300:] = 7.0


def test_the_map_is_the_right_way_round_and_in_viridis():
    coloured = colour_ponder_map(MAP, 2, 7)
    assert coloured.shape == (120, 411, 3)
    assert coloured.dtype == np.uint8
    first, last = (matplotlib.colormaps["viridis"](x, bytes=True)[:3] for x in (0, 255))
    assert (coloured[0, 410] == last).all()
    for row, column in ((0, 0), (119, 0), (119, 410)):
        assert (coloured[row, column] == first).all()


def test_what_lies_beyond_the_scale_has_the_end_s_colour():
    coloured = colour_ponder_map(np.array([[0.0, 2.0, 5.0, 9.0]]), 2, 5)
    assert (coloured[0, 0] == coloured[0, 1]).all()
    assert (coloured[0, 2] == coloured[0, 3]).all()
    assert (coloured[0, 1] != coloured[0, 2]).any()


def test_a_map_of_one_value_has_one_colour():
    coloured = colour_ponder_map(np.full((2, 3), 4.0), 4, 4)
    assert len(np.unique(coloured.reshape(-1, 3), axis=0)) == 1


def test_the_overlay_s_strength_leads_from_the_grey_image_to_the_map():
    pixels = np.random.default_rng(0).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    coloured = np.random.default_rng(1).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    grey = overlay_ponder_map(pixels, coloured, strength=0)
    expected = np.asarray(Image.fromarray(pixels).convert("L").convert("RGB"))
    np.testing.assert_allclose(grey.astype(int), expected, atol=1)
    np.testing.assert_array_equal(overlay_ponder_map(pixels, coloured, 1), coloured)


@pytest.mark.parametrize("size", [(120, 411), (1, 1), (3, 2)])
@pytest.mark.parametrize("ending", [".png", ".jpg"])
def test_a_picture_has_a_pixel_for_each_of_the_image(tmp_path, size, ending):
    pixels = np.zeros((*size, 3), np.uint8)
    pixels[: size[0] // 2 + 1, : size[1] // 2 + 1] = 200
    save_picture(tmp_path / f"a{ending}", pixels)
    with Image.open(tmp_path / f"a{ending}") as picture:
        assert picture.size == size[::-1]
        assert picture.format == {".png": "PNG", ".jpg": "JPEG"}[ending]
        found = np.asarray(picture)
    np.testing.assert_allclose(found[0, 0], 200, atol=12)
    if ending == ".png":
        np.testing.assert_array_equal(found, pixels)


def test_values_beyond_8_bits_are_cut_off():
    found = as_picture(np.array([-40.0, -0.4, 0.6, 254.6, 300.0]))
    assert found.tolist() == [0, 0, 1, 255, 255]


@pytest.mark.parametrize("ends", [(2, 7.5), (3, 3), (0, 1e-6), (1e6, 2e6)])
def test_the_colour_bar_is_tall_and_narrow(ends):
    assert draw_colour_bar(*ends, "pdf").startswith(b"%PDF")
    with Image.open(io.BytesIO(draw_colour_bar(*ends, "png"))) as bar:
        pixels = np.asarray(bar.convert("RGB")).astype(int)
        width, height = bar.size
    assert height > 2 * width
    assert 2 * 150 <= height < 2.6 * 150
    # The largest value is at the top.
    rows = [
        np.argwhere(np.abs(pixels - colour).max(axis=-1) < 12)[:, 0].mean()
        for colour in ((253, 231, 36), (68, 1, 84))
    ]
    assert rows[0] < 80 < height - 80 < rows[1]


def test_arguments_are_checked(tmp_path):
    with pytest.raises(ValueError, match=r"shape \(2,\)"):
        colour_ponder_map(np.zeros(2), 0, 1)
    with pytest.raises(ValueError, match="finite"):
        colour_ponder_map(np.full((2, 2), np.nan), 0, 1)
    with pytest.raises(ValueError, match="lower=2, upper=1"):
        colour_ponder_map(MAP, 2, 1)
    image = np.zeros((2, 2, 3), np.uint8)
    with pytest.raises(ValueError, match="strength=2"):
        overlay_ponder_map(image, image, strength=2)
    with pytest.raises(ValueError, match="coloured"):
        overlay_ponder_map(image, image[:1])
    with pytest.raises(ValueError, match=r"\.png.*a\.gif"):
        save_picture(tmp_path / "a.gif", image)
    assert not list(tmp_path.iterdir())
