"""What a policy network decides."""

import numpy as np
import pytest
import tensorflow as tf
from policy_networks import NUM_UNITS, make_images, make_network, to_numpy

from sact_keras.models import PolicyNetwork


@pytest.fixture(scope="module")
def network():
    return make_network(seed=5)


@pytest.fixture(autouse=True)
def all_free(network):
    """A network of the module's is handed on as it came."""
    yield
    network.free_units.assign(NUM_UNITS)


def likeliest(outputs):
    return np.float32(outputs["policy_probability"] >= 0.5)


def bounded(outputs, alpha):
    p = np.array(outputs["policy_probability"], "float64")
    return alpha * p + (1 - alpha) * (1 - p)


def test_at_inference_a_unit_runs_iff_its_probability_is_a_half_or_more(network):
    outputs = to_numpy(network(make_images()))
    np.testing.assert_array_equal(outputs["policy"], likeliest(outputs))
    assert (np.ptp(outputs["policy"], axis=0) == 1).all(), "the case must vary"
    assert set(outputs) == {"policy", "policy_probability", "policy_value"}
    assert outputs["policy_value"].shape == (64,)


def test_a_half_runs():
    network = make_network()
    network.logits.set_weights([np.zeros(w.shape) for w in network.logits.weights])
    outputs = network(make_images(2))
    np.testing.assert_array_equal(outputs["policy_probability"], np.full((2, 4), 0.5))
    np.testing.assert_array_equal(outputs["policy"], np.ones((2, 4)))


@pytest.mark.parametrize("alpha", [0.6, 0.8, 1.0])
def test_draws_follow_the_noise(alpha):
    network, images = make_network(alpha=alpha), make_images()
    draws = np.random.default_rng(2).uniform(size=(NUM_UNITS, 64)).astype("float32")
    outputs = to_numpy(network(images, training=True, noise=list(draws)))
    q = bounded(outputs, alpha)
    assert np.abs(draws.T - q).min() > 1e-5, "choose another seed"
    np.testing.assert_array_equal(outputs["policy"], q > draws.T)
    # The baseline does not see the noise.
    np.testing.assert_array_equal(outputs["baseline_policy"], likeliest(outputs))
    assert (outputs["policy"] != outputs["baseline_policy"]).any()


def test_noise_at_its_ends():
    network, images = make_network(alpha=0.8), make_images(3)
    for draw, expected in ((0.0, 1.0), (0.81, 0.0)):
        noise = [np.full(3, draw, "float32")] * NUM_UNITS
        policy = network(images, training=True, noise=noise)["policy"]
        np.testing.assert_array_equal(policy, np.full((3, NUM_UNITS), expected))


def test_draws_follow_the_seed():
    images = make_images()

    def draw(seed):
        network = make_network(seed=seed)
        return [np.array(network(images, training=True)["policy"]) for _ in range(2)]

    first, again, other = draw(5), draw(5), draw(6)
    np.testing.assert_array_equal(first, again)
    assert (first[0] != first[1]).any(), "each step draws anew"
    assert (first[0] != other[0]).any()


def test_units_are_drawn_as_often_as_their_probabilities_say(network):
    images = make_images(4000, (4, 4))
    outputs = to_numpy(network(images, training=True))
    excess = outputs["policy"] - bounded(outputs, 0.8)
    # Of a standard deviation of at most 1/2 each; and units are independent.
    assert np.abs(excess.mean(axis=0)).max() < 5 * 0.5 / np.sqrt(4000)
    together = np.cov(excess.T)[np.triu_indices(NUM_UNITS, 1)]
    assert np.abs(together).max() < 5 * 0.25 / np.sqrt(4000)


def test_given_policies(network):
    images = make_images(8)
    given = np.random.default_rng(3).integers(0, 2, (8, 4)).astype("float32")
    own = to_numpy(network(images))
    outputs = to_numpy(network(images, policy=given))
    np.testing.assert_array_equal(outputs["policy"], given)
    np.testing.assert_array_equal(
        outputs["policy_probability"], own["policy_probability"]
    )
    outputs = to_numpy(network(images, training=True, policy=given))
    np.testing.assert_array_equal(outputs["policy"], given)
    np.testing.assert_array_equal(outputs["baseline_policy"], likeliest(outputs))


@pytest.mark.parametrize("free_units", [1, 3, NUM_UNITS])
def test_the_policy_decides_about_the_last_units_alone(network, free_units):
    network.free_units.assign(free_units)
    fixed, images = NUM_UNITS - free_units, make_images()
    expected = np.float32(np.arange(NUM_UNITS) >= fixed)
    np.testing.assert_array_equal(network.free(), expected)

    def check(policy, decided):
        np.testing.assert_array_equal(policy[:, :fixed], np.ones((64, fixed)))
        np.testing.assert_array_equal(policy[:, fixed:], decided[:, fixed:])

    outputs = to_numpy(network(images))
    check(outputs["policy"], likeliest(outputs))
    draws = np.random.default_rng(2).uniform(size=(NUM_UNITS, 64)).astype("float32")
    outputs = to_numpy(network(images, training=True, noise=list(draws)))
    check(outputs["policy"], bounded(outputs, 0.8) > draws.T)
    check(outputs["baseline_policy"], likeliest(outputs))
    nothing = np.zeros((64, NUM_UNITS), "float32")
    outputs = to_numpy(network(images, training=True, policy=nothing))
    check(outputs["policy"], nothing)
    # At inference what is given is run, whatever it is.
    np.testing.assert_array_equal(network(images, policy=nothing)["policy"], nothing)


def test_all_units_are_free_to_begin_with():
    network = PolicyNetwork("cifar", num_units=7, base_channels=4)
    network.build((None, 32, 32, 3))
    np.testing.assert_array_equal(network.free(), np.ones(7))


def test_no_gradient_is_for_the_value_head():
    network = make_network()
    not_trained = {"policy/value/kernel", "policy/value/bias", "policy/free_units"}
    others = [w.path for w in network.non_trainable_weights]
    assert {path for path in others if "moving" not in path} == not_trained
    with tf.GradientTape() as tape:
        outputs = network(make_images(), training=True)
        loss = tf.reduce_sum(outputs["policy_probability"] ** 2)
    gradients = tape.gradient(loss, [v.value for v in network.trainable_variables])
    for variable, gradient in zip(network.trainable_variables, gradients, strict=True):
        assert np.any(gradient), variable.path
