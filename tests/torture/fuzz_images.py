"""Cases of a fuzz: image files, through each reader of such.

A PNG has checksums: unless they are made right again, it is refused or read as it was.
A JPEG has none: a decoder may make other colours of altered bytes, and nobody can tell.
Of that no more is asked than that what is read has the size that the file states, and
that its values are those of pixels.
"""

import dataclasses
import io
import zlib
from pathlib import Path

import numpy as np
import tensorflow as tf
from byte_mutations import mutate
from image_mutations import join_png, mutate_jpeg, mutate_png, png_chunks
from imagenet_on_disk import photograph
from PIL import Image

from sact_keras.data import PHOTOGRAPH_PREPROCESSING
from sact_keras.data.image_files import read_image_file
from sact_keras.serving.checked_decoding import decode_each

_SIZE = 16
_RECIPES = ("sact", "aig")


@dataclasses.dataclass
class _Case:
    kind: str
    path: Path
    original: str
    keeps_checksums: bool


class Cases:
    """See `fuzz_process`."""

    def __init__(self, directory: Path) -> None:
        self._originals = _originals()
        self._whole = self._originals["grey.jpg"]
        self._decoders = {name: _decoder(name) for name in _RECIPES}
        directory.mkdir()
        self._expected = {}
        for name, content in self._originals.items():
            path = directory / name
            path.write_bytes(content)
            if "cmyk" not in name and "bomb" not in name:
                self._expected[name] = self._read(path)

    def make(self, random: np.random.Generator, directory: Path) -> _Case:
        # Of both kinds as many, whatever the number of originals.
        suffix = random.choice([".png", ".jpg"])
        names = [name for name in self._originals if name.endswith(suffix)]
        original = str(random.choice(names))
        content = self._originals[original]
        if structural := random.random() < 0.5:
            change = mutate_png if suffix == ".png" else mutate_jpeg
        else:
            change = mutate
        kind, mutated = change(content, random)
        path = directory / f"mutated{suffix}"
        path.write_bytes(mutated)
        checked = suffix == ".png" and not structural
        return _Case(f"{original}: {kind}", path, original, keeps_checksums=not checked)

    def check(self, case: _Case) -> tuple[str, str]:
        try:
            found = self._read(case.path)
        except (OSError, ValueError) as error:
            assert str(case.path) in str(error), repr(error)
            self._check_served(case, None)
            return "refused", str(error)
        pixels, small = found
        if not case.keeps_checksums:
            for value, expected in zip(
                found, self._expected[case.original], strict=True
            ):
                np.testing.assert_array_equal(value, expected)
        _check_size(case.path, pixels, small)
        self._check_served(case, self._expected.get(case.original))
        return "read", f"{pixels.shape}"

    def _check_served(self, case: _Case, expected: object) -> None:
        """The decoding within SavedModels: refuses the one image by its number."""
        files = tf.constant([self._whole, case.path.read_bytes()])
        for name, decode in self._decoders.items():
            try:
                whole, found = decode(files).numpy()
            except tf.errors.InvalidArgumentError as error:
                assert "image 1 of image_bytes must be" in error.message
                continue
            recipe = PHOTOGRAPH_PREPROCESSING[name]
            np.testing.assert_array_equal(
                whole, recipe.for_evaluation(self._whole, _SIZE)
            )
            _check_pixels(found, 0)
            if not case.keeps_checksums:
                original = self._originals[case.original]
                np.testing.assert_array_equal(
                    found, recipe.for_evaluation(original, _SIZE)
                )

    def _read(self, path: Path) -> tuple[np.ndarray, np.ndarray]:
        return read_image_file(path), read_image_file(path, longer_edge=20)


def _check_size(path: Path, pixels: np.ndarray, small: np.ndarray) -> None:
    if path.suffix == ".png":
        header = path.read_bytes()[16:24]
        width, height = (int.from_bytes(header[i : i + 4], "big") for i in (0, 4))
    else:
        height, width, _ = tf.io.extract_jpeg_shape(path.read_bytes()).numpy()
    # An image may lie on its side.
    assert sorted(pixels.shape[:2]) == sorted((height, width))
    assert max(small.shape[:2]) == 20
    _check_pixels(pixels, 0)
    _check_pixels(small, 100)


def _check_pixels(pixels: np.ndarray, overshoot: float) -> None:
    assert pixels.dtype == np.float32
    assert pixels.shape[-1] == 3
    assert np.isfinite(pixels).all()
    assert pixels.min() >= -overshoot
    assert pixels.max() <= 255 + overshoot


def _decoder(name: str):
    recipe = PHOTOGRAPH_PREPROCESSING[name]
    return tf.function(
        lambda files: decode_each(
            files, lambda file: recipe.for_evaluation(file, _SIZE)
        ),
        input_signature=[tf.TensorSpec([None], tf.string)],
    )


def _originals() -> dict[str, bytes]:
    photo = Image.fromarray(photograph(30, 40))
    noise = np.random.default_rng(0).integers(0, 256, (24, 24, 3), np.uint8)
    lying = Image.Exif()
    lying[0x0112] = 6
    images = {
        "photo.png": (photo, {}),
        "noise.png": (Image.fromarray(noise), {"compress_level": 0}),
        "grey.png": (photo.convert("L"), {}),
        "palette.png": (photo.quantize(16), {}),
        "clear.png": (photo.convert("RGBA"), {"exif": lying}),
        "deep.png": (Image.fromarray(noise[..., 0].astype(np.uint16) * 257), {}),
        "photo.jpg": (photo, {"quality": 90}),
        "grey.jpg": (photo.convert("L"), {}),
        "progressive.jpg": (photo, {"progressive": True}),
        "whole_colour.jpg": (photo, {"subsampling": 0, "exif": lying}),
        "restarts.jpg": (photo, {"restart_marker_blocks": 1}),
        "cmyk.jpg": (photo.convert("CMYK"), {}),
    }
    contents = {}
    for name, (image, options) in images.items():
        stream = io.BytesIO()
        image.save(stream, "PNG" if name.endswith(".png") else "JPEG", **options)
        contents[name] = stream.getvalue()
    contents["bomb.png"] = _bomb(contents["grey.png"])
    return contents


def _bomb(grey: bytes) -> bytes:
    """A grey PNG of 400 kB and 400 million pixels."""
    side = 20_000
    header = png_chunks(grey)[0][1]
    size = side.to_bytes(4, "big")
    rows = zlib.compressobj(9)
    data = b"".join(rows.compress(bytes(1 + side)) for _ in range(side)) + rows.flush()
    return join_png(
        [(b"IHDR", size + size + header[8:]), (b"IDAT", data), (b"IEND", b"")]
    )
