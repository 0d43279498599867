import numpy as np
import tensorflow as tf

from sact_keras.training.attack_decisions import changed_decisions


def test_shares_of_changed_decisions():
    images = tf.constant([1.0, 0.0, 1.0])
    positions = np.zeros((3, 2, 2), "float32")
    positions[1, 0, 0] = positions[2] = 1
    reference = [tf.ones(3), tf.zeros((3, 2, 2))]
    found = changed_decisions([images, tf.constant(positions)], reference)
    np.testing.assert_array_equal(found, [[0, 0], [1, 0.25], [0, 1]])
    # It does not matter which of the two ran more.
    other_way = changed_decisions(reference, [images, tf.constant(positions)])
    np.testing.assert_array_equal(found, other_way)
    np.testing.assert_array_equal(changed_decisions(reference, reference), 0)
