"""How the camera was held, as files of cameras and of programs say it."""

import struct

import numpy as np
import pytest
import tensorflow as tf
from folder_on_disk import ORIENTATION_TAG, smooth_image, stored_as_held

from sact_keras.data.exif_orientation import read_orientation, set_upright

IMAGE = smooth_image(0, 16, 12)
read = tf.function(read_orientation, autograph=False)


def orientation_of(encoded):
    return int(read(tf.constant(encoded)))


@pytest.mark.parametrize("file_format", ["JPEG", "PNG"])
@pytest.mark.parametrize("orientation", [None, *range(1, 9)])
def test_what_pillow_writes(file_format, orientation):
    encoded = stored_as_held(IMAGE, orientation, file_format)
    assert orientation_of(encoded) == (orientation or 1)


def tiff(order, entries):
    """An Exif directory of (tag, value) in either order of bytes."""
    mark = {"<": b"II*\0", ">": b"MM\0*"}[order]
    directory = struct.pack(f"{order}H", len(entries))
    for tag, value in entries:
        directory += struct.pack(f"{order}HHIHH", tag, 3, 1, value, 0)
    return mark + struct.pack(f"{order}I", 8) + directory


def jpeg_with(*segments):
    """A JPEG with further segments, (marker, content), before its own."""
    plain = stored_as_held(IMAGE, None)
    added = b"".join(
        struct.pack(">HH", marker, len(content) + 2) + content
        for marker, content in segments
    )
    return plain[:2] + added + plain[2:]


@pytest.mark.parametrize("order", "<>")
def test_both_orders_of_bytes_behind_other_segments(order):
    exif = b"Exif\0\0" + tiff(order, [(0x010F, 9), (ORIENTATION_TAG, 6), (0x0131, 3)])
    other = b"http://ns.adobe.com/xap/1.0/\0<x/>"
    assert orientation_of(jpeg_with((0xFFE1, other), (0xFFE1, exif))) == 6
    assert orientation_of(jpeg_with((0xFFE2, exif))) == 1  # Not where Exif belongs.


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"II",
        b"II*\0\xff\xff\xff\xff",
        b"II*\0\x08\0\0\0\xff\xff",
        tiff(">", []),
        tiff("<", [(ORIENTATION_TAG, 0)]),
        tiff("<", [(ORIENTATION_TAG, 9)]),
    ],
)
def test_what_cannot_be_understood_is_left_as_it_is(content):
    assert orientation_of(jpeg_with((0xFFE1, b"Exif\0\0" + content))) == 1


def test_files_that_end_anywhere():
    """Nothing is read beyond the end, and every loop ends."""
    for file_format in ("JPEG", "PNG"):
        encoded = stored_as_held(IMAGE, 8, file_format)
        found = {orientation_of(encoded[:size]) for size in range(len(encoded))}
        assert found == {1, 8}
    assert orientation_of(b"\xff\xd8" + b"\xff\xe1\0\0" * 9) == 1
    assert orientation_of(b"\xff\xd8" + bytes(1000)) == 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_images_are_set_upright(orientation):
    stored = stored_as_held(IMAGE, orientation, "PNG")
    found = set_upright(tf.io.decode_png(stored), tf.constant(orientation))
    np.testing.assert_array_equal(found, np.asarray(IMAGE))
