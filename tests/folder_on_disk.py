"""Writes tiny folders of images, and photographs as cameras store them."""

import io

import numpy as np
from PIL import Image, ImageOps

CLASS_NAMES = ("daisy", "rose", "tulip")
NUM_EXAMPLES = {"train": 12, "test": 6}

ORIENTATION_TAG = 0x0112

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""Orientation -> what a camera has done to the image, by Pillow's names."""


def smooth_image(seed, width, height):
    """Colours that a JPEG keeps well, different in each corner."""
    small = np.random.default_rng(seed).integers(0, 256, (3, 4, 3), np.uint8)
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)


def write_folder(root, splits=("train", "test"), classes=CLASS_NAMES):
    """Writes JPEG and PNG files of several sizes, an equal number of each class."""
    for split in splits:
        number = NUM_EXAMPLES["train" if split == "train" else "test"]
        for label, name in enumerate(classes):
            folder = root / split / name
            folder.mkdir(parents=True)
            for index in range(number // len(CLASS_NAMES)):
                seed = 100 * label + 10 * len(split) + index
                image = smooth_image(seed, 40 + 7 * index, 52 - 5 * index)
                image.save(folder / f"{index}{('.jpg', '.PNG')[index % 2]}")
    return root


def stored_as_held(image, orientation, file_format="JPEG", **options):
    """The bytes of an upright image as a camera that was held otherwise stores it."""
    if orientation in _TURNS:
        image = image.transpose(_TURNS[orientation])
    if orientation is not None:
        options["exif"] = Image.Exif()
        options["exif"][0x010F] = "the camera's maker"
        options["exif"][ORIENTATION_TAG] = orientation
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def pillow_square(encoded, side):
    """The middle square of an image file, upright and resized, as Pillow makes it."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(encoded))).convert("RGB")
    width, height = image.size
    length = min(width, height)
    left, top = (width - length) // 2, (height - length) // 2
    square = image.crop((left, top, left + length, top + length))
    return np.asarray(square.resize((side, side), Image.Resampling.BILINEAR))
