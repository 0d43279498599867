"""Image files of one's own, at their own size or scaled to a longer edge."""

import os
import warnings
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

from sact_keras.data.image_dataset import require_integer
from sact_keras.data.image_decoding import MAX_PIXELS, decode_window

_ORIENTATION_TAG = 0x0112  # Of Exif: how a camera was held.

# Orientation -> (whether rows and columns are exchanged first, axes to flip then).
_ORIENTATIONS = {
    2: (False, (1,)),
    3: (False, (0, 1)),
    4: (False, (0,)),
    5: (True, ()),
    6: (True, (1,)),
    7: (True, (0, 1)),
    8: (True, (0,)),
}


def read_image_file(
    path: str | os.PathLike, longer_edge: int | None = None
) -> np.ndarray:
    """Reads a JPEG or PNG as it looks, and scales it.

    What a file is, is found out by looking at it. Grey becomes colour, 16 bits become
    8 and transparency is dropped. An image that a camera has marked as lying on its
    side is set upright, as viewers show it.

    It is scaled as in SACT's ponder maps: by TensorFlow 1's bicubic interpolation,
    whose source pixels are multiples of the scale, and which goes a little beyond
    [0, 255] at edges. Nothing is cropped.

    Args:
        path: The file.
        longer_edge: Pixels of the longer of height and width. The other one is
            multiplied by the ratio of the two, in float32, and rounded down, but not
            to 0. None leaves the image as it is.

    Returns:
        Pixels, float32 [H, W, 3], about [0, 255].

    Raises:
        ValueError: If `longer_edge` is not a positive integer, or the file is not an
            image that can be read, or one of more than `MAX_PIXELS`; the message names
            it.
        OSError: If there is no such file, or it cannot be read.

    Example:
        >>> jpeg = tf.io.encode_jpeg(tf.zeros([30, 40, 3], tf.uint8))
        >>> tf.io.write_file("grey.jpg", jpeg)
        >>> read_image_file("grey.jpg", longer_edge=20).shape
        (15, 20, 3)
    """
    if longer_edge is not None:
        require_integer("longer_edge", longer_edge, minimum=1)
    path = Path(path)
    encoded = path.read_bytes()
    try:
        # What refuses an image there would be silent on an accelerator.
        with tf.device("CPU:0"):
            image = decode_window(tf.constant(encoded), _whole).numpy()
    except tf.errors.OpError as error:
        raise ValueError(
            f"{path} must be a JPEG (grey or RGB) or a PNG. Received: "
            f"{_kind(path, encoded)}"
        ) from error
    pixels = _set_upright(image, path).astype(np.float32)
    if longer_edge is None:
        return pixels
    resized = tf.raw_ops.ResizeBicubic(
        images=pixels[np.newaxis] / np.float32(255),
        size=scaled_size(pixels.shape[:2], longer_edge),
        align_corners=False,
        half_pixel_centers=False,
    )
    return resized[0].numpy() * np.float32(255)


def scaled_size(size: tuple[int, int], longer_edge: int) -> tuple[int, int]:
    """Scales (height, width) so that the longer one is `longer_edge`.

    Example:
        >>> scaled_size((120, 411), 320)
        (93, 320)
    """
    height, width = size
    shorter = max(
        1,
        int(np.float32(longer_edge) * (np.float32(min(size)) / np.float32(max(size)))),
    )
    return (longer_edge, shorter) if height > width else (shorter, longer_edge)


def _whole(shape: tf.Tensor) -> tf.Tensor:
    return tf.stack([0, 0, shape[0], shape[1]])


def _set_upright(image: np.ndarray, path: Path) -> np.ndarray:
    try:
        with Image.open(path) as opened:
            orientation = opened.getexif().get(_ORIENTATION_TAG, 1)
    # Pillow raises errors of many kinds over what it finds beside the pixels.
    except Exception as error:
        raise ValueError(
            f"{path} must say how the camera was held, or nothing of it. Received: "
            f"{type(error).__name__}: {error}"
        ) from error
    exchanged, flipped = _ORIENTATIONS.get(orientation, (False, ()))
    if exchanged:
        image = image.swapaxes(0, 1)
    return np.flip(image, flipped)


def _kind(path: Path, encoded: bytes) -> str:
    """What the file seems to be, for an error message."""
    if not encoded:
        return "an empty file"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as opened:
                return (
                    f"{opened.format} of mode {opened.mode}, damaged or of another kind"
                )
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return f"an image of more than {MAX_PIXELS:,} pixels"
    except Exception:  # As above.
        return "a file that is no image"
