"""Tests of reading single image files."""

import struct
import zlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from sact_keras.data.image_files import read_image_file, scaled_size

# Upright and the right way round: red above left, green above right, blue below left.
CORNERS = np.zeros((48, 64, 3), np.uint8)
CORNERS[:24, :32, 0] = CORNERS[:24, 32:, 1] = CORNERS[24:, :32, 2] = 255


def save(path, pixels, **options):
    Image.fromarray(pixels).save(path, **options)
    return path


def test_a_png_is_read_exactly(tmp_path):
    found = read_image_file(save(tmp_path / "a.png", CORNERS))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, CORNERS)


def test_content_counts_and_not_the_name(tmp_path):
    path = save(tmp_path / "a.jpg", CORNERS, format="PNG")
    np.testing.assert_array_equal(read_image_file(path), CORNERS)


def test_grey_16_bits_transparency_and_palettes_become_rgb(tmp_path):
    grey = CORNERS[..., 0]
    three = np.repeat(grey[..., np.newaxis], 3, axis=-1)
    deep = grey.astype(np.uint16) * 257
    clear = np.dstack([CORNERS, np.full_like(grey, 7)])
    palette = Image.fromarray(CORNERS).quantize(4)
    palette.save(tmp_path / "palette.png")
    cases = {
        save(tmp_path / "grey.jpg", grey, quality=100): three,
        save(tmp_path / "grey.png", grey): three,
        save(tmp_path / "deep.png", deep): three,
        save(tmp_path / "clear.png", clear): CORNERS,
        tmp_path / "palette.png": CORNERS,
    }
    for path, expected in cases.items():
        np.testing.assert_allclose(
            read_image_file(path), expected, atol=2, err_msg=path.name
        )


@pytest.mark.parametrize("orientation", range(1, 9))
def test_images_are_set_upright(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    # As Pillow undoes it, so that this does not repeat what is tested.
    turned = Image.fromarray(CORNERS)
    for method in {
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }.get(orientation, []):
        turned = turned.transpose(method)
    turned.save(tmp_path / "a.jpg", exif=exif, quality=100, subsampling=0)
    # Colours of the JPEG are off by little away from edges.
    found = read_image_file(tmp_path / "a.jpg")
    assert found.shape == CORNERS.shape
    assert np.abs(found - CORNERS).mean() < 3


@pytest.mark.parametrize(
    ("size", "edge", "expected"),
    [
        ((120, 411), 320, (93, 320)),
        ((500, 335), 224, (224, 150)),
        ((500, 500), 96, (96, 96)),
        ((1, 3000), 100, (1, 100)),
        ((30, 40), 400, (300, 400)),
    ],
)
def test_the_longer_edge_is_scaled_to(size, edge, expected):
    assert scaled_size(size, edge) == expected


def test_scaling_is_that_of_tensorflow_1(tmp_path):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)
    found = read_image_file(save(tmp_path / "a.png", pixels), longer_edge=45)
    expected = tf.compat.v1.image.resize_bicubic(
        pixels[np.newaxis].astype(np.float32) / 255, (30, 45)
    )
    np.testing.assert_allclose(found / 255, expected[0], atol=1e-6)
    # Pixels at multiples of the scale are as they were: nothing is shifted.
    np.testing.assert_allclose(found[::3, ::3], pixels[::2, ::2], atol=1e-3)
    assert found.min() < 0 or found.max() > 255  # Not cut off: the network is given it.


def test_what_is_no_image_is_named(tmp_path):
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("no image")
    save(tmp_path / "whole.jpg", CORNERS)
    (tmp_path / "cut.jpg").write_bytes((tmp_path / "whole.jpg").read_bytes()[:-20])
    Image.fromarray(CORNERS).convert("CMYK").save(tmp_path / "cmyk.jpg")
    for name, kind in {
        "empty.jpg": "an empty file",
        "text.jpg": "no image",
        "cut.jpg": "JPEG of mode RGB",
        "cmyk.jpg": "JPEG of mode CMYK",
    }.items():
        with pytest.raises(ValueError, match=rf"{name}.*Received: .*{kind}"):
            read_image_file(tmp_path / name)
    with pytest.raises(FileNotFoundError, match=r"none\.jpg"):
        read_image_file(tmp_path / "none.jpg")
    with pytest.raises(ValueError, match="longer_edge=0"):
        read_image_file(tmp_path / "whole.jpg", longer_edge=0)


@pytest.mark.parametrize("side", [10_000, 20_000])
@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_what_would_take_gigabytes_is_refused_unread(tmp_path, side, suffix):
    path = save(tmp_path / f"a.{suffix}", CORNERS)
    content = bytearray(path.read_bytes())
    if suffix == "png":
        content[16:24] = struct.pack(">II", side, side)
        content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    else:
        frame = content.index(b"\xff\xc0")
        content[frame + 5 : frame + 9] = struct.pack(">HH", side, side)
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"a\.{suffix}.*more than 89,478,485 pixels"):
        read_image_file(path)


def test_a_damaged_note_of_how_the_camera_was_held_is_named(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    content = save(tmp_path / "a.png", CORNERS, exif=exif).read_bytes()
    place = content.index(b"eXIf") + 12
    (tmp_path / "a.png").write_bytes(content[:place] + b"?" + content[place + 1 :])
    with pytest.raises(ValueError, match=r"a\.png must say how the camera was held"):
        read_image_file(tmp_path / "a.png")
