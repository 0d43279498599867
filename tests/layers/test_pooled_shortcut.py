import numpy as np
import pytest
import tensorflow as tf

from sact_keras.layers.pooled_shortcut import check_widening, pool_and_widen


def average(image, strides):
    """Window by window, each cut off at the edge."""
    rows, columns = (range(0, side, strides) for side in image.shape[:2])
    return np.array(
        [
            [image[y : y + strides, x : x + strides].mean((0, 1)) for x in columns]
            for y in rows
        ]
    )


@pytest.mark.parametrize("size", [(6, 8), (7, 5), (6, 5), (1, 1), (1, 4)], ids=str)
@pytest.mark.parametrize("strides", [1, 2])
def test_a_window_beyond_the_edge_averages_what_is_inside(size, strides):
    images = np.random.default_rng(0).normal(size=(2, *size, 3)).astype("float32")
    outputs = pool_and_widen(images, strides, 0, 0)
    expected = [average(image, strides) for image in images]
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize(("before", "after"), [(0, 4), (3, 0), (1, 2)])
def test_zeros_are_added_on_the_side_asked_for(strides, before, after):
    images = np.random.default_rng(0).normal(size=(2, 4, 6, 3)).astype("float32")
    outputs = np.array(pool_and_widen(images, strides, before, after))
    assert outputs.shape == (2, 4 // strides, 6 // strides, before + 3 + after)
    kept = outputs[..., before : before + 3]
    np.testing.assert_array_equal(kept, pool_and_widen(images, strides, 0, 0))
    np.testing.assert_array_equal(outputs[..., :before], 0.0)
    np.testing.assert_array_equal(outputs[..., before + 3 :], 0.0)


def test_nothing_to_do_changes_nothing():
    images = tf.random.stateless_normal((2, 3, 3, 4), (0, 0))
    assert pool_and_widen(images, 1, 0, 0) is images


def test_each_pixel_gets_the_gradient_of_its_window():
    images = tf.zeros((1, 3, 2, 1))
    with tf.GradientTape() as tape:
        tape.watch(images)
        total = tf.reduce_sum(pool_and_widen(images, 2, 0, 2))
    # A window of four pixels, and one of the two that are inside.
    expected = [[0.25, 0.25], [0.25, 0.25], [0.5, 0.5]]
    np.testing.assert_array_equal(tape.gradient(total, images)[0, :, :, 0], expected)


def test_it_runs_on_unknown_sizes():
    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3))])
    def run(images):
        return pool_and_widen(images, 2, 1, 2)

    images = np.random.default_rng(0).normal(size=(2, 5, 6, 3)).astype("float32")
    assert run.get_concrete_function().structured_outputs.shape[-1] == 6
    np.testing.assert_allclose(run(images), pool_and_widen(images, 2, 1, 2), rtol=1e-6)


def test_no_channel_may_be_too_many():
    check_widening((None, 8, 8, 4), 4)
    check_widening((None, 8, 8, 4), 6)
    message = r"^filters must be at least .*Received: filters=3, .*\(None, 8, 8, 4\)$"
    with pytest.raises(ValueError, match=message):
        check_widening([None, 8, 8, 4], 3)
