import hypothesis
import numpy as np
import tensorflow as tf
from hypothesis import strategies as st

from sact_keras.accounting import pixel_map, resize_to_pixels


def nearest(values, size):
    """Pixel i of H reads position floor(i h / H), pixel by pixel, in float32."""
    images, height, width = values.shape
    scales = (
        np.float32(height) / np.float32(size[0]),
        np.float32(width) / np.float32(size[1]),
    )
    outputs = np.empty((images, *size), values.dtype)
    for row in range(size[0]):
        for column in range(size[1]):
            outputs[:, row, column] = values[
                :,
                int(np.float32(row) * scales[0]),
                int(np.float32(column) * scales[1]),
            ]
    return outputs


@hypothesis.given(st.integers(1, 1000), st.sampled_from([1, 2, 4, 8, 16, 32]))
@hypothesis.settings(deadline=None, max_examples=40)
def test_rounds_as_the_originals_operation(pixels, stride):
    values = tf.range(-(-pixels // stride))[tf.newaxis, :, tf.newaxis]
    expected = tf.raw_ops.ResizeNearestNeighbor(
        images=values[..., tf.newaxis], size=[pixels, 1]
    )
    resized = resize_to_pixels(values, (pixels, 1))
    np.testing.assert_array_equal(resized, expected[..., 0])


def test_float32_moves_a_row():
    values = np.arange(16).reshape(1, 16, 1)
    resized = resize_to_pixels(values, (122, 1))[0, :, 0]
    exact = np.arange(122) * 16 // 122
    assert np.count_nonzero(resized != exact) == 1


@hypothesis.given(
    st.tuples(st.integers(1, 12), st.integers(1, 12)),
    st.tuples(st.integers(1, 50), st.integers(1, 50)),
)
@hypothesis.settings(deadline=None, max_examples=40)
def test_nearest_neighbour_at_any_ratio(positions, pixels):
    values = np.arange(2 * positions[0] * positions[1]).reshape(2, *positions)
    resized = resize_to_pixels(values, pixels)
    np.testing.assert_array_equal(resized, nearest(values, pixels))


def test_one_value_for_an_image_fills_it():
    resized = resize_to_pixels(np.array([1.5, 2.5], "float32"), (3, 5))
    assert resized.shape == (2, 3, 5)
    np.testing.assert_array_equal(resized[0], 1.5)
    np.testing.assert_array_equal(resized[1], 2.5)


def test_maps_sum_over_blocks():
    rng = np.random.default_rng(0)
    blocks = [rng.integers(1, 6, (2, *s)) for s in ((33, 47), (17, 24), (9, 12))]
    expected = sum(nearest(block, (33, 47)) for block in blocks)
    outputs = pixel_map(blocks, (33, 47))
    np.testing.assert_array_equal(outputs, expected)
    assert outputs.dtype == "int64"
