"""What Pillow makes of an image, by the steps of the originals in PyTorch."""

import io

import numpy as np
from PIL import Image


def resized_by_pillow(image, height, width):
    image = Image.fromarray(image)
    # In two calls, as newer versions would choose an order of their own.
    for size in [(width, image.height), (width, height)]:
        image = image.resize(size, Image.Resampling.BILINEAR)
    return np.asarray(image).astype(np.float32)


def evaluated_by_pillow(encoded, image_size):
    """The whole image resized by its short side, then its middle: as torchvision."""
    image = Image.open(io.BytesIO(encoded)).convert("RGB")
    short = round(image_size * 256 / 224)
    width, height = (
        int(short * side / min(image.size)) if side > min(image.size) else short
        for side in image.size
    )
    resized = image.resize((width, height), Image.Resampling.BILINEAR)
    top, left = (round((side - image_size) / 2) for side in (height, width))
    pixels = np.asarray(resized)[top : top + image_size, left : left + image_size]
    assert pixels.shape == (image_size, image_size, 3)
    return pixels.astype(np.float32)
