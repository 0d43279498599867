"""What an exported network does with files as they come, good and bad."""

import concurrent.futures
import io
import struct
import zlib

import numpy as np
import pytest
import tensorflow as tf
from cifar_on_disk import png
from exported_networks import assert_served_alike
from imagenet_on_disk import jpeg, photograph
from PIL import Image

NAMES = [
    "aig",
    *(pytest.param(n, marks=pytest.mark.slow) for n in ("dynconv", "sact_imagenet")),
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("called", ["serve_bytes", "ponder_map_bytes"])
def test_no_files_give_no_results(name, called, exported):
    for value in exported.signature(name, called)([]).values():
        assert len(value) == 0


def encoded_alike():
    """Name -> two files that hold the same pixels."""
    pixels = photograph(40, 50)
    grey = pixels[..., 0]
    colours = np.repeat(grey[..., None], 3, axis=2)
    paletted, transparent = io.BytesIO(), io.BytesIO()
    reduced = Image.fromarray(pixels).quantize(16)
    reduced.save(paletted, "PNG")
    alpha = np.arange(40 * 50).reshape(40, 50, 1) % 256
    Image.fromarray(np.concatenate([pixels, alpha], 2).astype("uint8")).save(
        transparent, "PNG"
    )
    sixteen = tf.io.encode_png(pixels.astype("uint16") * 257).numpy()
    return {
        "16-bit PNG": (sixteen, png(pixels)),
        "transparent PNG": (transparent.getvalue(), png(pixels)),
        "PNG with a palette": (
            paletted.getvalue(),
            png(np.array(reduced.convert("RGB"))),
        ),
        "grey PNG": (png(grey), png(colours)),
        "grey JPEG": (jpeg(grey), jpeg(colours)),
        "progressive JPEG": (
            jpeg(pixels, progressive=True, quality=95),
            jpeg(pixels, quality=95),
        ),
        "JPEG with something behind its end": (jpeg(pixels) + b"\0more", jpeg(pixels)),
    }


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("called", ["serve_bytes", "ponder_map_bytes"])
def test_files_of_the_same_pixels_give_the_same(name, called, exported):
    run = exported.signature(name, called)
    for what, (one, other) in encoded_alike().items():
        found = run([one, other])
        for key, value in found.items():
            if value.dtype.kind == "f":
                np.testing.assert_allclose(
                    value[0], value[1], rtol=1e-5, atol=1e-5, err_msg=f"{what}: {key}"
                )
            else:
                np.testing.assert_array_equal(
                    value[0], value[1], err_msg=f"{what}: {key}"
                )


def png_of_size(height, width):
    """A PNG that says it is so large, and ends before its first pixel."""

    def chunk(kind, content):
        checksum = zlib.crc32(kind + content)
        return (
            struct.pack(">I", len(content))
            + kind
            + content
            + struct.pack(">I", checksum)
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IEND", b"")


def saved(kind, image=None):
    file = io.BytesIO()
    (image or Image.fromarray(photograph(40, 50))).save(file, kind)
    return file.getvalue()


def animated_gif():
    frames = [Image.fromarray(photograph(40, 50, seed)) for seed in range(3)]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    return file.getvalue()


BAD_FILES = {
    "nothing": lambda: b"",
    "a byte": lambda: b"\xff",
    "text": lambda: b"no image at all",
    "half a JPEG": lambda: jpeg(photograph(40, 50))[:400],
    "half a PNG": lambda: png(photograph(40, 50))[:400],
    "a PNG's signature": lambda: b"\x89PNG\r\n\x1a\n",
    "a PNG's header": lambda: png(photograph(40, 50))[:24],
    "a PNG without pixels": lambda: png_of_size(40, 50),
    "a PNG of no size": lambda: png_of_size(0, 0),
    "a PNG of 100,000 pixels a side": lambda: png_of_size(100_000, 100_000),
    "a PNG of 2**31 - 1 pixels a side": lambda: png_of_size(2**31 - 1, 2**31 - 1),
    # 18 kB, and gigabytes as what is resized.
    "a PNG of much of the same": lambda: saved("PNG", Image.new("1", (12_000, 12_000))),
    "a CMYK JPEG": lambda: jpeg(photograph(40, 50), "CMYK"),
    "a GIF": animated_gif,
    "a BMP": lambda: saved("BMP"),
    "a WebP": lambda: saved("WEBP"),
    "a TIFF": lambda: saved("TIFF"),
}


@pytest.mark.fast_with("*-serve_bytes-*")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("called", ["serve_bytes", "ponder_map_bytes"])
@pytest.mark.parametrize("bad", BAD_FILES)
def test_a_bad_file_is_named(name, called, bad, exported):
    good = jpeg(photograph(30, 40))
    files = [good, png(photograph(32, 32)), BAD_FILES[bad](), good]
    with pytest.raises(tf.errors.InvalidArgumentError, match="image 2 of image_bytes"):
        exported.signature(name, called)(files)


@pytest.mark.parametrize("called", ["serve_bytes", "ponder_map_bytes"])
def test_files_at_once(called, exported):
    """Threads share one loaded SavedModel."""
    run = exported.signature("aig", called)
    files = [jpeg(photograph(20 + 9 * i, 60 - 5 * i, seed=i)) for i in range(8)]
    alone = [run([file]) for file in files]
    with concurrent.futures.ThreadPoolExecutor(8) as executor:
        found = list(executor.map(run, [[file] for file in files * 4]))
    for actual, expected in zip(found, alone * 4, strict=True):
        assert_served_alike(actual, expected)
