import numpy as np
import tensorflow as tf

from sact_keras.layers.overruling import overrule


def test_what_is_given_counts():
    decided = np.array([0.0, 1.0, 0.5, 1.0], "float32")
    given = np.array([1, 0, 1, 1])
    actual = overrule(decided, given)
    assert actual.dtype == "float32"
    np.testing.assert_array_equal(actual, given)


def test_nothing_need_have_been_decided():
    np.testing.assert_array_equal(overrule(None, [1.0, 0.0]), [1.0, 0.0])


def test_what_was_decided_is_computed_all_the_same():
    """No optimizer of graphs takes it out: its cost stays."""
    computed = tf.Variable(0)

    @tf.function
    def run(scores, given):
        def count(scores):
            computed.assign_add(1)
            return scores

        seen = tf.py_function(count, [tf.sigmoid(scores)], tf.float32)
        return overrule(tf.ensure_shape(seen, (3,)), given)

    given = [0.0, 1.0, 1.0]
    np.testing.assert_array_equal(run(tf.constant([9e9, -9e9, 0.0]), given), given)
    assert int(computed) == 1
    operations = {
        operation.type
        for operation in tf.function(lambda x, y: overrule(tf.sigmoid(x), y))
        .get_concrete_function(tf.TensorSpec((3,)), tf.TensorSpec((3,)))
        .graph.get_operations()
    }
    assert "Sigmoid" in operations
