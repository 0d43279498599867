import numpy as np
import pytest
import tensorflow as tf
from tiny_training import tiny_model

import sact_keras
from sact_keras.training.attack_decisions import changed_decisions, deciding_units


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


@pytest.mark.parametrize(
    ("model_type", "arguments", "expected"),
    [
        ("vanilla", {}, [0, 0, 0, 0]),
        ("act", {}, [0, 0, 1, 0]),
        ("sact", {}, [0, 0, 1, 0]),
        ("aig", {}, [1, 1, 1, 1]),
        ("aig", {"target_rates": "1,t,1,0.5"}, [0, 1, 0, 1]),
        ("aig", {"target_rates": "1,t,1,0.5", "gate_all_units": True}, [1, 1, 1, 1]),
        ("aig", {"gate_eval": "sample"}, [1, 1, 1, 1]),
        ("dynconv", {}, [1, 1, 1, 1]),
        ("dynconv", {"budget": -1}, [0, 0, 0, 0]),
    ],
)
def test_units_that_are_decided_about(model_type, arguments, expected):
    model = tiny_model(model_type, **arguments)
    assert deciding_units(model, (32, 32)) == [bool(decided) for decided in expected]


def test_images_may_be_of_any_size():
    model = sact_keras.build_model(
        "sact", dataset="imagenet", model="1_2_1_1", num_classes=5, base_channels=16
    )
    assert deciding_units(model, (65, 97)) == [False, False, True, False, False]
