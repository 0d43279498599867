"""How the camera was held, from an image file's Exif, by operations of TensorFlow."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from sact_keras.data.image_decoding import PNG_SIGNATURE

UPRIGHT = 1
"""The orientation of an image that is stored as it looks."""

_ORIENTATION_TAG = 0x0112
_ENTRY_BYTES = 12  # Of a directory of Exif: tag, type, count and value.

_HEAD_BYTES = 10  # Of a part of a file, as many as tell what it is.
_JPEG_EXIF = (*b"Exif\0\0",)
_APP1, _START_OF_SCAN = 0xFFE1, 0xFFDA
_PNG_EXIF, _PNG_END = 0x65584966, 0x49454E44  # "eXIf" and "IEND".
_NOWHERE = np.int64(0)  # No part of a file begins there.


def read_orientation(encoded: tf.Tensor) -> tf.Tensor:
    """Reads the orientation that a JPEG or a PNG states in its Exif.

    What cannot be understood states nothing: viewers show such an image as it is
    stored. All of it are operations of TensorFlow, so that a SavedModel can hold them.

    Args:
        encoded: string scalar, a JPEG or a PNG; of anything else it is 1.

    Returns:
        int32 scalar from 1 (as stored) to 8, as Exif counts them.

    Example:
        >>> int(read_orientation(tf.io.encode_jpeg(tf.zeros([3, 4, 3], tf.uint8))))
        1
    """
    is_png = tf.strings.substr(encoded, 0, len(PNG_SIGNATURE)) == PNG_SIGNATURE
    # Of TIFF's structure, which Exif has in either.
    begin = tf.cond(
        is_png,
        lambda: _find(encoded, len(PNG_SIGNATURE), _visit_chunk),
        lambda: _find(encoded, 2, _visit_segment),
    )
    return tf.cond(
        begin > _NOWHERE, lambda: _of_tiff(encoded, begin), lambda: tf.constant(UPRIGHT)
    )


def set_upright(image: tf.Tensor, orientation: tf.Tensor) -> tf.Tensor:
    """Turns an image as viewers show it.

    Args:
        image: `[height, width, channels]`, as it is stored.
        orientation: int32 scalar, as `read_orientation` returns it.

    Returns:
        The same pixels, height and width exchanged for an orientation of 5 and more.

    Example:
        >>> image = tf.constant([[[1], [2]], [[3], [4]]])
        >>> set_upright(image, tf.constant(6))[..., 0].numpy()  # A quarter turn.
        array([[3, 1],
               [4, 2]], dtype=int32)
    """

    def turn() -> tf.Tensor:
        exchanged, *flipped = turns(orientation)
        turned = tf.cond(
            exchanged, lambda: tf.transpose(image, [1, 0, 2]), lambda: image
        )
        for axis, is_flipped in enumerate(flipped):
            turned = tf.where(is_flipped, tf.reverse(turned, [axis]), turned)
        return turned

    return tf.cond(orientation == UPRIGHT, lambda: tf.identity(image), turn)


def turns(orientation: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """What sets an image upright.

    Args:
        orientation: int32 scalar from 1 to 8.

    Returns:
        Whether rows and columns are exchanged first; whether then the order of the
        rows, and that of the columns, is turned round: bool scalars.

    Example:
        >>> [bool(turn) for turn in turns(tf.constant(8))]
        [True, True, False]
    """

    def is_one_of(*orientations: int) -> tf.Tensor:
        return tf.reduce_any(orientation == tf.constant(orientations))

    return orientation >= 5, is_one_of(3, 4, 7, 8), is_one_of(2, 3, 6, 7)


def _find(
    encoded: tf.Tensor,
    begin: int,
    visit: Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]],
) -> tf.Tensor:
    """Goes through the parts of a file to the one that holds Exif.

    Args:
        encoded: string scalar.
        begin: where the first part begins.
        visit: from the first bytes of a part to how far behind its begin its Exif is
            and the next part begins; `_NOWHERE` for neither.

    Returns:
        Where Exif is, int64; `_NOWHERE` if there is none.
    """
    length = _length(encoded)

    def is_under_way(found: tf.Tensor, part: tf.Tensor) -> tf.Tensor:
        return (found == _NOWHERE) & (part < length)

    def go_on(found: tf.Tensor, part: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        del found
        exif, following = visit(_bytes(encoded, part, _HEAD_BYTES))
        return (
            tf.where(exif == _NOWHERE, _NOWHERE, part + exif),
            tf.where(following == _NOWHERE, length, part + following),
        )

    start = tf.constant(_NOWHERE), tf.constant(begin, tf.int64)
    return tf.while_loop(is_under_way, go_on, start)[0]


def _visit_segment(head: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """A JPEG's: a marker, the length of what follows it, and that."""
    marker, length = tf.unstack(_numbers(tf.reshape(head[:4], [2, 2])))
    is_exif = (marker == _APP1) & tf.reduce_all(head[4:] == _JPEG_EXIF)
    # All segments before the picture itself have a length, which counts its own bytes.
    goes_on = (marker > 0xFF00) & (marker != _START_OF_SCAN) & (length >= 2)
    return (
        tf.where(is_exif, np.int64(_HEAD_BYTES), _NOWHERE),
        tf.where(goes_on, 2 + length, _NOWHERE),
    )


def _visit_chunk(head: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """A PNG's: the length of the content, its kind, the content, a checksum."""
    length, kind = tf.unstack(_numbers(tf.reshape(head[:8], [2, 4])))
    return (
        tf.where(kind == _PNG_EXIF, np.int64(8), _NOWHERE),
        tf.where(kind == _PNG_END, _NOWHERE, 12 + length),
    )


def _of_tiff(encoded: tf.Tensor, begin: tf.Tensor) -> tf.Tensor:
    """The orientation in the first directory of a TIFF structure."""
    head = _bytes(encoded, begin, 8)
    is_little = tf.reduce_all(head[:2] == (*b"II",))

    def in_order(digits: tf.Tensor) -> tf.Tensor:
        return tf.where(is_little, tf.reverse(digits, [-1]), digits)

    directory = begin + _numbers(in_order(head[4:]))
    size = tf.cast(_numbers(in_order(_bytes(encoded, directory, 2))), tf.int32)
    entries = tf.reshape(
        _bytes(encoded, directory + 2, size * _ENTRY_BYTES), [size, _ENTRY_BYTES]
    )
    tags = _numbers(in_order(entries[:, :2]))
    # A number of two bytes lies in the first two of the four for a value.
    values = _numbers(in_order(entries[:, 8:10]))
    found = tf.reduce_max(tf.where(tags == _ORIENTATION_TAG, values, np.int64(0)))
    is_known = (found >= UPRIGHT) & (found <= 8)
    return tf.where(is_known, tf.cast(found, tf.int32), UPRIGHT)


def _bytes(encoded: tf.Tensor, begin: tf.Tensor, size: tf.Tensor | int) -> tf.Tensor:
    """So many bytes, int64 [size]; those beyond the end are 0."""
    # A place beyond the end would be refused.
    begin = tf.minimum(begin, _length(encoded))
    part = tf.strings.substr(encoded, begin, tf.cast(size, tf.int64))
    # To no bytes at all nothing can be decoded.
    padded = tf.io.decode_raw(part, tf.uint8, fixed_length=tf.maximum(size, 1))
    return tf.cast(tf.reshape(padded[:size], [size]), tf.int64)


def _numbers(digits: tf.Tensor) -> tf.Tensor:
    """From the bytes of whole numbers, the greatest first, [..., n] to [...]."""
    size = digits.shape[-1]
    return tf.reduce_sum(digits * [256**place for place in reversed(range(size))], -1)


def _length(encoded: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.strings.length(encoded), tf.int64)
