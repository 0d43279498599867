import numpy as np
import pytest
import tensorflow as tf

from sact_keras.layers import execute_masked
from sact_keras.layers.masked_execution import broadcast_mask


@pytest.fixture
def branches():
    rng = np.random.default_rng(0)
    return rng.normal(size=(2, 3, 4, 3, 5)).astype("float32")


def test_without_a_mask_everything_runs(branches):
    shortcut, residual = branches
    outputs = execute_masked(shortcut, residual)
    np.testing.assert_array_equal(outputs, shortcut + residual)


@pytest.mark.parametrize("shape", [(3,), (3, 4, 3)])
def test_a_zero_mask_leaves_exactly_the_shortcut(branches, shape):
    shortcut, residual = branches
    outputs = execute_masked(shortcut, residual, np.zeros(shape, "float32"))
    np.testing.assert_array_equal(outputs, shortcut)


def test_a_mask_of_images_keeps_whole_images(branches):
    shortcut, residual = branches
    outputs = execute_masked(shortcut, residual, np.array([1.0, 0.0, 1.0]))
    np.testing.assert_array_equal(outputs[::2], (shortcut + residual)[::2])
    np.testing.assert_array_equal(outputs[1], shortcut[1])


def test_a_mask_of_positions_keeps_positions_in_every_channel(branches):
    shortcut, residual = branches
    mask = np.zeros((3, 4, 3), "float32")
    mask[1, 2, 0] = 1
    outputs = np.array(execute_masked(shortcut, residual, mask))
    np.testing.assert_array_equal(
        outputs[1, 2, 0], shortcut[1, 2, 0] + residual[1, 2, 0]
    )
    outputs[1, 2, 0] = shortcut[1, 2, 0]
    np.testing.assert_array_equal(outputs, shortcut)


def test_dropped_residuals_receive_no_gradient(branches):
    shortcut, residual = map(tf.constant, branches)
    with tf.GradientTape() as tape:
        tape.watch([shortcut, residual])
        outputs = execute_masked(shortcut, residual, np.array([0.0, 1.0, 0.0]))
        loss = tf.reduce_sum(outputs)
    to_shortcut, to_residual = tape.gradient(loss, [shortcut, residual])
    np.testing.assert_array_equal(to_shortcut, np.ones(shortcut.shape))
    np.testing.assert_array_equal(to_residual[1], np.ones(residual.shape[1:]))
    np.testing.assert_array_equal(to_residual[::2], np.zeros((2, *residual.shape[1:])))


def test_masks_take_the_dtype_of_the_features():
    mask = broadcast_mask(np.ones((2,), "bool"), tf.zeros((2, 4, 4, 3), "bfloat16"))
    assert mask.dtype == "bfloat16"
    assert mask.shape == (2, 1, 1, 1)
