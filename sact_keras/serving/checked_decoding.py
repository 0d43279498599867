"""Decodes a batch of image files; says which of them cannot be decoded."""

from collections.abc import Callable

import tensorflow as tf

from sact_keras.data.image_decoding import PNG_SIGNATURE

_JPEG_SIGNATURE = b"\xff\xd8\xff"


def decode_each(
    image_bytes: tf.Tensor, decode: Callable[[tf.Tensor], tf.Tensor]
) -> tf.Tensor:
    """Decodes each image of a batch, several at a time.

    Decoders fail without a word about which image it was. Here those that fail are left
    out, in a `tf.data` pipeline within the graph, and what is missing is named. All of
    it are operations of TensorFlow, so that it is the same in TensorFlow Serving and
    through the C API.

    Args:
        image_bytes: string [N], a JPEG or a PNG each.
        decode: From one of them to a tensor, whose shape is known statically.

    Returns:
        [N, ...]: the tensors.

    Raises:
        tf.errors.InvalidArgumentError: If one cannot be decoded: "image 3 of
            image_bytes must be ...".

    Example:
        >>> files = tf.stack([tf.io.encode_png(tf.zeros((4, 4, 3), tf.uint8)), b"?"])
        >>> size = lambda file: tf.ensure_shape(tf.shape(tf.io.decode_png(file)), [3])
        >>> decode_each(files[:1], size).numpy()
        array([[4, 4, 3]], dtype=int32)
        >>> decode_each(files, size)
        Traceback (most recent call last):
        tensorflow.python.framework.errors_impl.InvalidArgumentError: ...image 1 of \
image_bytes must be a JPEG or PNG that can be decoded. Received: 1 bytes of neither...
    """

    @tf.autograph.experimental.do_not_convert
    def decode_one(index: tf.Tensor, encoded: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return index, decode(encoded)

    number = tf.shape(image_bytes, out_type=tf.int64)[0]
    decoded = (
        tf.data.Dataset.from_tensor_slices(image_bytes)
        .enumerate()
        .map(decode_one, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        .ignore_errors()
    )
    spec = decoded.element_spec[1]
    # A batch of nothing would be none at all.
    last = tf.data.Dataset.from_tensors((number, tf.zeros(spec.shape, spec.dtype)))
    batch = decoded.concatenate(last).batch(number + 1).with_options(_plain())
    indices, tensors = batch.get_single_element()
    check = tf.cond(
        tf.size(indices, tf.int64) == number + 1,
        lambda: True,
        lambda: _refuse(image_bytes, _first_missing(indices)),
    )
    with tf.control_dependencies([check]):
        return tf.identity(tensors[:-1])


def _plain() -> tf.data.Options:
    """No rewriting of a pipeline that is made anew for each request."""
    options = tf.data.Options()
    options.experimental_optimization.apply_default_optimizations = False
    options.autotune.enabled = False
    return options


def _first_missing(indices: tf.Tensor) -> tf.Tensor:
    """The first number that ascending numbers, counted from 0, leave out."""
    is_early = indices == tf.range(tf.size(indices, tf.int64))
    return tf.reduce_sum(tf.cast(is_early, tf.int64))


def _refuse(image_bytes: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
    encoded = image_bytes[index]
    kind = tf.where(
        _begins(encoded, PNG_SIGNATURE),
        "a PNG that is damaged, cut short or too large",
        tf.where(
            _begins(encoded, _JPEG_SIGNATURE),
            "a JPEG that is damaged, cut short, too large or of four channels",
            "neither",
        ),
    )
    message = tf.strings.join(
        [
            "image ",
            tf.strings.as_string(index),
            " of image_bytes must be a JPEG or PNG that can be decoded. Received: ",
            tf.strings.as_string(tf.strings.length(encoded)),
            " bytes of ",
            kind,
        ]
    )
    with tf.control_dependencies([tf.debugging.Assert(False, [message])]):
        return tf.constant(False)


def _begins(encoded: tf.Tensor, signature: bytes) -> tf.Tensor:
    return tf.strings.substr(encoded, 0, len(signature)) == signature
