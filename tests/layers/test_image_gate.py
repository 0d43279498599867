import numpy as np
from layer_test import run_layer_test, set_weights
from styles import PYTORCH

from sact_keras.layers import Cost, ImageGate


def test_layer():
    run_layer_test(
        ImageGate,
        {"style": PYTORCH, "name": "unit_1"},
        (3, 5, 4, 6),
        expected_output_shape=(3, 2),
        expected_num_trainable_weights=6,
        expected_num_non_trainable_weights=2,
        mixed_output_dtype="float32",
    )


def random_gate(channels=4):
    gate = ImageGate(style=PYTORCH)
    gate.build((None, None, None, channels))
    rng = np.random.default_rng(0)
    gate.set_weights([rng.uniform(0.2, 1.0, w.shape) for w in gate.weights])
    gate.hidden.bias.assign(rng.normal(size=16))
    return gate


def logits_by_hand(gate, images, mean, variance):
    """Logits of the pooled images, for a norm by the given moments."""
    pooled = images.mean(axis=(1, 2))
    hidden = pooled @ np.array(gate.hidden.kernel) + gate.hidden.bias
    hidden = (hidden - mean) / np.sqrt(np.add(variance, 1e-5))
    hidden = np.maximum(hidden * gate.norm.gamma + gate.norm.beta, 0.0)
    return hidden @ np.array(gate.logits.kernel) + gate.logits.bias


def make_images(number=6):
    rng = np.random.default_rng(1)
    return rng.normal(size=(number, 5, 3, 4)).astype("float32")


def test_pools_maps_normalizes_activates_and_maps():
    gate, images = random_gate(), make_images()
    norm = gate.norm
    expected = logits_by_hand(gate, images, norm.moving_mean, norm.moving_variance)
    np.testing.assert_allclose(gate(images), expected, rtol=1e-5)


def test_in_training_it_normalizes_over_the_images():
    gate, images = random_gate(), make_images()
    hidden = images.mean(axis=(1, 2)) @ np.array(gate.hidden.kernel) + gate.hidden.bias
    before = np.array(gate.norm.moving_variance)
    expected = logits_by_hand(gate, images, hidden.mean(axis=0), hidden.var(axis=0))
    outputs = gate(images, training=True)
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)
    # The moving variance follows the unbiased one of six images.
    np.testing.assert_allclose(
        gate.norm.moving_variance,
        0.9 * before + 0.1 * hidden.var(axis=0, ddof=1),
        rtol=1e-4,
    )


def test_one_image_in_training_leaves_averages_that_evaluations_can_use():
    gate = random_gate()
    before = np.array(gate.norm.moving_variance)
    logits = gate(make_images(1), training=True)
    assert np.isfinite(logits).all()
    np.testing.assert_allclose(gate.norm.moving_variance, before, rtol=1e-6)
    assert np.isfinite(gate(make_images(3))).all()


def test_at_first_all_images_run_at_nearly_the_same_rate():
    gate = ImageGate(style=PYTORCH)
    gate.build((None, None, None, 4))
    logits = np.array(gate(make_images(64), training=True))
    open_probability = 1 / (1 + np.exp(logits[:, 0] - logits[:, 1]))
    np.testing.assert_allclose(open_probability, 0.87, atol=0.01)
    np.testing.assert_allclose(np.std(gate.logits.kernel), 0.001, rtol=0.5)


def test_costs():
    gate = ImageGate(style=PYTORCH)
    gate.build((None, None, None, 6))
    assert gate.costs() == [
        Cost("gate_hidden", 2 * 6 * 16, per="image"),
        Cost("gate_logits", 2 * 16 * 2, per="image"),
    ]


def test_a_zero_kernel_leaves_the_biases():
    gate = random_gate()
    set_weights(gate.logits, np.zeros((16, 2)), [-1.5, 0.25])
    np.testing.assert_array_equal(gate(make_images(3)), [[-1.5, 0.25]] * 3)
