"""Decoding a window gives the pixels of the whole image decoded."""

import io

import cifar_on_disk
import imagenet_on_disk as disk
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sact_keras.data.image_decoding import PNG_SIGNATURE, decode_window, read_image_size

ENCODINGS = {
    "colour in full": lambda image: disk.jpeg(image, subsampling=0),
    "colour by half across": lambda image: disk.jpeg(image, subsampling=1),
    "colour by half": lambda image: disk.jpeg(image, subsampling=2),
    "progressive": lambda image: disk.jpeg(image, subsampling=2, progressive=True),
    "restarts": lambda image: disk.jpeg(image, restart_marker_blocks=3),
    "grey": lambda image: disk.jpeg(image, "L"),
    "png": cifar_on_disk.png,
}


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    fractions=st.tuples(*[st.floats(0, 1)] * 4),
    encoding=st.sampled_from(sorted(ENCODINGS)),
    dct_method=st.sampled_from(["", "INTEGER_ACCURATE"]),
)
def test_window_is_part_of_the_whole_image(size, fractions, encoding, dct_method):
    encoded = ENCODINGS[encoding](disk.photograph(*size))
    # Whatever its name says, it decodes PNG as well.
    whole = tf.io.decode_jpeg(encoded, channels=3, dct_method=dct_method).numpy()
    height, width = (
        1 + int(f * (n - 1)) for f, n in zip(fractions, size, strict=False)
    )
    top = int(fractions[2] * (size[0] - height))
    left = int(fractions[3] * (size[1] - width))

    def choose(shape):
        assert shape.numpy().tolist() == list(size)
        return tf.constant([top, left, height, width])

    window = decode_window(encoded, choose, dct_method=dct_method).numpy()
    expected = whole[top : top + height, left : left + width]
    assert window.shape == expected.shape
    np.testing.assert_array_equal(window[:, 1:-1], expected[:, 1:-1])
    if width == size[1]:
        np.testing.assert_array_equal(window, expected)


@pytest.mark.parametrize("encoding", sorted(set(ENCODINGS) - {"png"}))
def test_accurate_decoding_is_pillows(encoding):
    encoded = ENCODINGS[encoding](disk.photograph(75, 90))
    pillows = np.asarray(Image.open(io.BytesIO(encoded)).convert("RGB"))
    window = tf.constant([0, 0, 75, 90])
    accurate, fast = (
        decode_window(encoded, lambda shape: window, dct_method=method).numpy()
        for method in ("INTEGER_ACCURATE", "INTEGER_FAST")
    )
    np.testing.assert_array_equal(accurate, pillows)
    assert not np.array_equal(fast, pillows)


@pytest.mark.parametrize("encoding", sorted(ENCODINGS))
@pytest.mark.parametrize("size", [(1, 1), (300, 20), (7, 1000)])
def test_size_is_read_from_the_header(size, encoding):
    encoded = ENCODINGS[encoding](disk.photograph(*size))
    assert read_image_size(encoded).numpy().tolist() == list(size)
    if encoding == "png":
        assert read_image_size(encoded[:24]).numpy().tolist() == list(size)


@pytest.mark.parametrize(
    ("window", "ratio"),
    [((0, 0, 200, 300), 4), ((10, 20, 100, 290), 2), ((10, 20, 99, 200), 1)],
)
def test_large_windows_are_decoded_at_a_fraction_of_their_size(window, ratio):
    encoded = disk.jpeg(disk.photograph(200, 320))
    image = decode_window(encoded, lambda shape: tf.constant(window), min_size=50)
    top, left, height, width = (side // ratio for side in window)
    small = tf.io.decode_jpeg(encoded, ratio=ratio).numpy()
    expected = small[top : top + height, left : left + width]
    assert image.shape == expected.shape
    np.testing.assert_array_equal(image[:, 1:-1], expected[:, 1:-1])


@pytest.mark.parametrize(
    "encoded",
    # A single byte that is no text must not come back in the error's message.
    [b"", b"\xff", b"GIF89a", disk.jpeg(disk.photograph(9, 9), "CMYK")],
    ids=["nothing", "byte", "gif", "cmyk"],
)
def test_what_is_neither_jpeg_nor_png_and_four_channels_are_refused(encoded):
    with pytest.raises(tf.errors.InvalidArgumentError):
        decode_window(encoded, lambda shape: tf.constant([0, 0, 1, 1]))


@pytest.mark.parametrize(
    "encoded", [b"", b"GIF89a", disk.jpeg(disk.photograph(9, 9))[:20]]
)
def test_size_of_no_image_is_an_error(encoded):
    with pytest.raises(tf.errors.InvalidArgumentError):
        read_image_size(encoded)


def test_png_cut_within_its_header_has_no_size():
    assert read_image_size(PNG_SIGNATURE).numpy().tolist() == [0, 0]


@pytest.mark.parametrize("kept", [0.5, 0.8])
def test_a_cut_below_the_window_is_seen(kept):
    encoded = disk.jpeg(disk.photograph(160, 120))
    top = [0, 0, 16, 120]
    window = decode_window(encoded, lambda shape: tf.constant(top))
    # What follows the end is no fault of the image's.
    followed = decode_window(encoded + b"more", lambda shape: tf.constant(top))
    np.testing.assert_array_equal(followed, window)
    with pytest.raises(tf.errors.InvalidArgumentError):
        decode_window(
            encoded[: int(kept * len(encoded))], lambda shape: tf.constant(top)
        )
