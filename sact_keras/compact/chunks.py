"""A batch, some images at a time."""

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from sact_keras.kernels.types import Tensor

Run = Callable[[Tensor, Any], Mapping[str, Any]]


def run_in_chunks(run: Run, images: Tensor, given: Any, pixels: int) -> dict[str, Any]:
    """Runs a function over a batch, in parts of about as many pixels.

    Args:
        run: Maps images [n, H, W, 3], and other tensors [n, ...], nested or None, to
            tensors [n, ...] by name, or lists of them, whose channels are known
            statically.
        images: [N, H, W, 3].
        given: The other tensors, [N, ...], nested or None.
        pixels: About how many pixels at a time; at least one image.

    Returns:
        The tensors [N, ...] by name, or lists of them.

    Example:
        >>> sums = lambda images, given: {"sum": tf.reduce_sum(images, axis=(1, 2, 3))}
        >>> run_in_chunks(sums, tf.ones((3, 2, 2, 1)), None, pixels=8)["sum"].numpy()
        array([4., 4., 4.], dtype=float32)
    """
    if images.shape[0] == 1:
        return run(images, given)
    shape = tf.shape(images)
    number = shape[0]
    most = tf.maximum(pixels // tf.maximum(shape[1] * shape[2], 1), 1)
    # An empty batch runs an image of zeros, of which nothing is returned: oneDNN's
    # convolution of no images has as many channels as its input.
    images, given = tf.nest.map_structure(
        lambda tensor: _at_least_one(tensor, number), (images, given)
    )
    chunks = tf.maximum(-(-number // most), 1)
    size = tf.maximum(-(-number // chunks), 1)
    part = tf.function(run, autograph=False).get_concrete_function(
        _spec(images), tf.nest.map_structure(_spec, given)
    )
    structure = part.structured_outputs

    def body(index: Tensor, arrays: list[tf.TensorArray]) -> tuple:
        start = index * size
        parts = [
            tensor[start : start + size]
            for tensor in tf.nest.flatten((images, given))
            if tensor is not None
        ]
        outputs = part(*parts)
        written = [
            array.write(index, output)
            for array, output in zip(arrays, tf.nest.flatten(outputs), strict=True)
        ]
        return index + 1, written

    arrays = [
        tf.TensorArray(
            spec.dtype,
            size=chunks,
            infer_shape=False,
            element_shape=spec.shape,
        )
        for spec in tf.nest.flatten(structure)
    ]
    _, arrays = tf.while_loop(
        lambda index, arrays: index < chunks,
        body,
        (tf.constant(0), arrays),
        parallel_iterations=1,
    )
    found = [array.concat()[:number] for array in arrays]
    return tf.nest.pack_sequence_as(structure, found)


def _at_least_one(tensor: Tensor | None, number: Tensor) -> Tensor | None:
    if tensor is None:
        return None
    zeros = tf.concat([[1], tf.shape(tensor)[1:]], axis=0)
    return tf.cond(number > 0, lambda: tensor, lambda: tf.zeros(zeros, tensor.dtype))


def _spec(tensor: Tensor | None) -> tf.TensorSpec | None:
    if tensor is None:
        return None
    return tf.TensorSpec((None, *tensor.shape[1:]), tensor.dtype)
