"""How the original distorts ImageNet's photographs for training: as Inception did."""

from collections.abc import Callable

import tensorflow as tf

from sact_keras.data.image_decoding import decode_window

_MIN_OBJECT_COVERED = 0.1
_ASPECT_RATIOS = (0.75, 1.33)
_AREAS = (0.05, 1.0)
_ATTEMPTS = 100

_BRIGHTNESS_DELTA = 32 / 255
_HUE_DELTA = 0.2


def prepare_for_training(
    encoded: tf.Tensor, boxes: tf.Tensor, seed: tf.Tensor, image_size: int
) -> tf.Tensor:
    """Decodes a random window of an image, resizes it and distorts its colours.

    The window has 5% to 100% of the area, an aspect ratio of 0.75 to 1.33, and at
    least a tenth of one of the boxes in it; where no such window is found in a
    hundred attempts it is the whole image. It is resized to a square by one of four
    methods at random, mirrored half of the time, and its brightness, saturation, hue
    and contrast are changed in one of four orders. Then [0, 1] becomes [-1, 1].

    Only the window is decoded, and a JPEG at a half, a quarter or an eighth of its
    size where the window still has the pixels that are asked for.

    Args:
        encoded: string scalar, a JPEG or a PNG.
        boxes: float32 `[n, 4]`: where objects are: top, left, bottom and right edges
            in fractions of the sides. Without any, the whole image is the object.
        seed: int64 `[4]`: the same seed gives the same image.
        image_size: the height and width to return.

    Returns:
        float32 `[image_size, image_size, 3]`, in [-1, 1].

    Raises:
        tf.errors.InvalidArgumentError: if the window cannot be decoded.

    Example:
        >>> jpeg = tf.io.encode_jpeg(tf.zeros([30, 40, 3], tf.uint8))
        >>> seed = tf.constant([1, 2, 3, 4], tf.int64)
        >>> prepare_for_training(jpeg, tf.zeros([0, 4]), seed, 24).shape
        TensorShape([24, 24, 3])
    """
    draws = tf.random.stateless_uniform([7], seed[2:], alg="philox")
    window = decode_window(
        encoded,
        lambda shape: _sample_window(shape, boxes, seed[:2]),
        min_size=image_size,
    )
    image = _resize(tf.cast(window, tf.float32) * (1 / 255), image_size, draws[0])
    image = tf.cond(draws[1] < 0.5, lambda: image[:, ::-1], lambda: image)
    return _distort_colours(image, draws[2:]) * 2 - 1


def _sample_window(shape: tf.Tensor, boxes: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    boxes = tf.clip_by_value(boxes, 0.0, 1.0)
    top, left, bottom, right = tf.unstack(boxes, axis=-1)
    # Some annotations have no area.
    boxes = tf.boolean_mask(boxes, (top < bottom) & (left < right))
    begin, size, _ = tf.image.stateless_sample_distorted_bounding_box(
        tf.concat([shape, [3]], axis=0),
        boxes[tf.newaxis],
        seed,
        min_object_covered=_MIN_OBJECT_COVERED,
        aspect_ratio_range=_ASPECT_RATIOS,
        area_range=_AREAS,
        max_attempts=_ATTEMPTS,
        use_image_if_no_bounding_boxes=True,
    )
    return tf.concat([begin[:2], size[:2]], axis=0)


def _resize(image: tf.Tensor, image_size: int, draw: tf.Tensor) -> tf.Tensor:
    """Resizes by a method that `draw`, in [0, 1), chooses, as TensorFlow 1 did."""
    operations = (
        tf.raw_ops.ResizeBilinear,
        tf.raw_ops.ResizeNearestNeighbor,
        tf.raw_ops.ResizeBicubic,
        tf.raw_ops.ResizeArea,
    )
    size = [image_size, image_size]
    methods = [
        lambda resize=resize: resize(images=image[tf.newaxis], size=size)[0]
        for resize in operations
    ]
    resized = tf.switch_case(tf.cast(draw * len(methods), tf.int32), methods)
    return tf.ensure_shape(resized, [*size, 3])


def _distort_colours(image: tf.Tensor, draws: tf.Tensor) -> tf.Tensor:
    """Changes the colours, in an order that is drawn too.

    Args:
        image: float32 `[height, width, 3]`, in [0, 1].
        draws: float32 `[5]`, in [0, 1).

    Returns:
        An image like `image`.
    """
    centred = draws * 2 - 1

    def brightness(image: tf.Tensor) -> tf.Tensor:
        return image + _BRIGHTNESS_DELTA * centred[1]

    def saturation(image: tf.Tensor) -> tf.Tensor:
        return tf.image.adjust_saturation(image, 0.5 + draws[2])

    def hue(image: tf.Tensor) -> tf.Tensor:
        return tf.image.adjust_hue(image, _HUE_DELTA * centred[3])

    def contrast(image: tf.Tensor) -> tf.Tensor:
        return tf.image.adjust_contrast(image, 0.5 + draws[4])

    orders = (
        (brightness, saturation, hue, contrast),
        (saturation, brightness, contrast, hue),
        (contrast, hue, brightness, saturation),
        (hue, saturation, contrast, brightness),
    )

    def in_order(order: tuple[Callable, ...]) -> Callable[[], tf.Tensor]:
        def distort() -> tf.Tensor:
            distorted = image
            for change in order:
                distorted = change(distorted)
            return distorted

        return distort

    chosen = tf.cast(draws[0] * len(orders), tf.int32)
    distorted = tf.switch_case(chosen, [in_order(order) for order in orders])
    return tf.clip_by_value(distorted, 0.0, 1.0)
