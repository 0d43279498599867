import numpy as np
import pytest
import tensorflow as tf

from sact_keras.losses import ponder_cost_loss


def test_every_block_weighs_the_same_whatever_its_resolution():
    outputs = {
        "block_1/ponder_cost": tf.constant(np.full((2, 8, 8), 3.0, "float32")),
        "block_2/ponder_cost": tf.constant([[[2.0, 4.0]], [[6.0, 8.0]]]),
        "block_3/ponder_cost": tf.constant([2.0, 3.0]),
        "ponder_cost_map": tf.fill((2, 8, 8), 1000.0),
        "logits": tf.fill((2, 10), 1000.0),
    }
    expected = 0.1 * (3.0 + 5.0 + 2.5)
    np.testing.assert_allclose(ponder_cost_loss(outputs, tau=0.1), expected, rtol=1e-6)


def test_gradient_is_shared_out_among_the_elements():
    cost = tf.constant(np.full((2, 4, 4), 3.0, "float32"))
    with tf.GradientTape() as tape:
        tape.watch(cost)
        loss = ponder_cost_loss({"block_1/ponder_cost": cost}, tau=0.5)
    np.testing.assert_allclose(tape.gradient(loss, cost), 0.5 / 32, rtol=1e-6)


@pytest.mark.parametrize("tau", [0.0, 2.0])
def test_is_proportional_to_tau(tau):
    loss = ponder_cost_loss({"block_1/ponder_cost": tf.constant([2.0])}, tau=tau)
    np.testing.assert_allclose(loss, 2.0 * tau)
