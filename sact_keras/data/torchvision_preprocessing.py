"""How the originals in PyTorch prepare ImageNet's photographs: as torchvision does."""

import math

import tensorflow as tf

from sact_keras.data.image_decoding import EXACT_DCT, decode_window, read_image_size
from sact_keras.data.normalization import standardize_channels
from sact_keras.data.pillow_resizing import resize_as_pillow

# Images are resized to 256 for a crop of 224 pixels.
_MARGIN = 256 / 224

_AREAS = (0.08, 1.0)
_ASPECT_RATIOS = (3 / 4, 4 / 3)
_ATTEMPTS = 10

normalize = standardize_channels(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))


def crop_for_evaluation(encoded: tf.Tensor, image_size: int) -> tf.Tensor:
    """Resizes an image by its short side and crops the middle.

    The short side becomes `round(image_size * 256 / 224)`, the long side as much
    longer, rounded down. The crop's corner is rounded to the even number where it lies
    halfway. The pixels are those of Pillow: see `resize_as_pillow`.

    Only the part that the crop shows is resized, and the rows below it are not decoded.

    Args:
        encoded: string scalar, a JPEG or a PNG.
        image_size: the height and width to return.

    Returns:
        Pixels, float32 `[image_size, image_size, 3]`: whole numbers in [0, 255].

    Raises:
        tf.errors.InvalidArgumentError: if the image cannot be decoded.

    Example:
        >>> jpeg = tf.io.encode_jpeg(tf.zeros([30, 40, 3], tf.uint8))
        >>> crop_for_evaluation(jpeg, 24).shape
        TensorShape([24, 24, 3])
    """
    shape = read_image_size(encoded)
    size = shape * round(image_size * _MARGIN) // tf.reduce_min(shape)
    corner = tf.round((size - image_size) / 2)
    step = shape / size  # float64: pixels of the source to one of the result.
    reach = tf.maximum(step, 1.0)  # Of the filter, either way.
    begin = tf.cast(tf.floor(corner * step - reach), tf.int32)
    begin = tf.maximum(begin, 0)
    end = tf.cast(tf.math.ceil((corner + image_size) * step + reach), tf.int32)
    end = tf.minimum(end, shape)

    rows = decode_window(
        encoded,
        lambda shape: tf.stack([begin[0], 0, end[0] - begin[0], shape[1]]),
        dct_method=EXACT_DCT,
    )
    return resize_as_pillow(
        rows[:, begin[1] : end[1]],
        image_size,
        scale=tf.cast(1 / step, tf.float32),
        translation=tf.cast(tf.cast(begin, tf.float64) / step - corner, tf.float32),
    )


def prepare_for_training(
    encoded: tf.Tensor, boxes: tf.Tensor, seed: tf.Tensor, image_size: int
) -> tf.Tensor:
    """Decodes a random window of an image, resizes and mirrors it at random.

    The window is that of `sample_window`; it is resized to a square as Pillow does,
    mirrored half of the time and normalized. Only the window is decoded, at its full
    size.

    Args:
        encoded: string scalar, a JPEG or a PNG.
        boxes: not looked at.
        seed: int64 `[4]`: the same seed gives the same image.
        image_size: the height and width to return.

    Returns:
        float32 `[image_size, image_size, 3]`, normalized.

    Raises:
        tf.errors.InvalidArgumentError: if the window cannot be decoded.

    Example:
        >>> jpeg = tf.io.encode_jpeg(tf.zeros([30, 40, 3], tf.uint8))
        >>> seed = tf.constant([1, 2, 3, 4], tf.int64)
        >>> prepare_for_training(jpeg, tf.zeros([0, 4]), seed, 24).shape
        TensorShape([24, 24, 3])
    """
    window = decode_window(
        encoded, lambda shape: sample_window(shape, seed[:2]), dct_method=EXACT_DCT
    )
    scale = image_size / tf.shape(window)[:2]
    pixels = resize_as_pillow(
        window, image_size, tf.cast(scale, tf.float32), translation=tf.zeros([2])
    )
    is_mirrored = tf.random.stateless_uniform([], seed[2:], alg="philox") < 0.5
    pixels = tf.cond(is_mirrored, lambda: pixels[:, ::-1], lambda: pixels)
    return normalize(pixels)


def sample_window(shape: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Draws a window: of 8% to 100% of an image's area, from 3:4 to 4:3.

    The share of the area is uniform, and so is the logarithm of the ratio of the sides.
    Of ten draws the first that fits into the image is taken, at a random place; if none
    does, the largest window in the middle whose sides are not farther apart than 3:4.

    Args:
        shape: int32 `[2]`: the image's height and width.
        seed: int64 `[2]`.

    Returns:
        int32 `[4]`: the window's top, left, height and width.

    Example:
        >>> window = sample_window(tf.constant([1000, 9]), tf.constant([0, 0]))
        >>> window.numpy()  # None of ten fits.
        array([494,   0,  12,   9], dtype=int32)
    """
    shape = tf.cast(shape, tf.float32)
    draws = tf.random.stateless_uniform([_ATTEMPTS, 4], seed, alg="philox")
    areas = tf.reduce_prod(shape) * _between(*_AREAS, draws[:, 0])
    ratios = tf.exp(_between(*map(math.log, _ASPECT_RATIOS), draws[:, 1]))
    sizes = tf.round(tf.sqrt(tf.stack([areas / ratios, areas * ratios], axis=1)))
    corners = tf.floor(draws[:, 2:] * (shape - sizes + 1))
    fits = tf.reduce_all((sizes >= 1) & (sizes <= shape), axis=1)

    largest = tf.minimum(shape, tf.round(shape[::-1] * _ASPECT_RATIOS[1]))
    middle = tf.concat([(shape - largest) // 2, largest], axis=0)
    windows = tf.concat([tf.concat([corners, sizes], axis=1), [middle]], axis=0)
    first = tf.where(tf.concat([fits, [True]], axis=0))[0, 0]
    return tf.cast(windows[first], tf.int32)


def _between(low: float, high: float, share: tf.Tensor) -> tf.Tensor:
    return low + (high - low) * share
