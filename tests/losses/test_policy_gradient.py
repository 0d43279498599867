"""BlockDrop's rewards and losses, by hand and as what they are: gradients.

What the stages make of them is compared with an oracle in
tests/fidelity/test_reward_reference.py.
"""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from sact_keras.losses import (
    bound_probabilities,
    policy_entropy,
    policy_gradient_loss,
    policy_reward,
)

alphas = st.floats(0.55, 1.0)
probabilities = st.lists(st.floats(0, 1, width=32), min_size=1, max_size=8)
advantages = st.floats(0.1, 10) | st.floats(-10, -0.1)


def gradient(function, *inputs):
    """Of the sum of `function`'s outputs, by each of its inputs."""
    inputs = [tf.constant(value, "float32") for value in inputs]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        total = tf.reduce_sum(function(*inputs))
    return [np.array(g) for g in tape.gradient(total, inputs)]


@settings(deadline=None)
@given(probabilities, alphas)
def test_bounds(p, alpha):
    p = np.sort(np.array(p, "float32"))
    q = np.array(bound_probabilities(p, alpha))
    assert q.min() >= 1 - alpha - 1e-6
    assert q.max() <= alpha + 1e-6
    assert (np.diff(q) >= 0).all(), "in the order of the probabilities"
    np.testing.assert_allclose(q, alpha * p + (1 - alpha) * (1 - p), atol=1e-6)
    np.testing.assert_allclose(bound_probabilities(1 - p, alpha), 1 - q, atol=1e-6)


def test_a_bound_of_one_changes_nothing():
    p = np.array([0.0, 1e-6, 0.3, 0.5, 1.0], "float32")
    np.testing.assert_array_equal(bound_probabilities(p, 1.0), p)


@settings(deadline=None)
@given(st.integers(1, 54), st.floats(-10, 0), st.data())
def test_rewards_of_right_predictions_fall_with_the_blocks_that_run(
    units, penalty, data
):
    order = data.draw(st.permutations(range(units)))
    policies = np.zeros((units + 1, units), "float32")
    for count in range(units + 1):
        policies[count, order[:count]] = 1
    matches = np.ones(units + 1)
    rewards = np.array(policy_reward(policies, matches, penalty))
    expected = 1 - (np.arange(units + 1) / units) ** 2
    np.testing.assert_allclose(rewards, expected, atol=1e-6)
    assert (np.diff(rewards) < 0).all()
    assert rewards[0] == 1
    assert rewards[-1] == 0
    # All wrong ones are alike, and none is better than a right one.
    wrong = policy_reward(policies, np.zeros(units + 1), penalty)
    np.testing.assert_array_equal(wrong, np.full(units + 1, penalty, "float32"))
    assert np.max(wrong) <= rewards[-1]


@pytest.mark.parametrize("dtype", ["float32", "bool", "int32"])
def test_rewards_are_float32_whatever_is_counted(dtype):
    policies, matches = np.eye(2).astype(dtype), np.array([1, 0]).astype(dtype)
    rewards = policy_reward(policies, matches, -1)
    assert rewards.dtype == "float32"
    np.testing.assert_array_equal(rewards, [0.75, -1.0])


def test_loss_by_hand():
    q = np.array([[0.25, 0.5, 0.75], [0.25, 0.5, 0.75]], "float32")
    policies = np.array([[1, 0, 1], [0, 1, 0]], "float32")
    loss = policy_gradient_loss(q, policies, np.array([2.0, -3.0], "float32"))
    likelihoods = np.array([0.25 * 0.5 * 0.75, 0.75 * 0.5 * 0.25])
    np.testing.assert_allclose(loss, np.log(likelihoods) * [-2.0, 3.0], rtol=1e-6)
    # The first block runs in any case: nothing is said of it.
    free = np.array([0, 1, 1], "float32")
    loss = policy_gradient_loss(q, policies, np.array([2.0, -3.0], "float32"), free)
    likelihoods = np.array([0.5 * 0.75, 0.5 * 0.25])
    np.testing.assert_allclose(loss, np.log(likelihoods) * [-2.0, 3.0], rtol=1e-6)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0.05, 0.95), st.booleans(), st.booleans()),
        min_size=1,
        max_size=6,
    ),
    advantages,
)
def test_a_step_makes_a_policy_of_advantage_likelier(blocks, advantage):
    q, policy, free = np.array(blocks, "float32").T
    (slope,) = gradient(
        lambda q: policy_gradient_loss(
            q, policy[np.newaxis], tf.constant([advantage], "float32"), free
        ),
        q[np.newaxis],
    )
    # Against the gradient: up where the block runs, else down; and the other way
    # round with a policy that is worse than its baseline.
    expected = np.sign(advantage) * (2 * policy - 1) * free
    np.testing.assert_array_equal(np.sign(-slope[0]), expected)
    likelihood = np.where(policy == 1, q, 1 - q)
    sizes = np.abs(advantage) / likelihood * free
    np.testing.assert_allclose(np.abs(slope[0]), sizes, rtol=1e-4)


def test_advantages_are_constants():
    q, policies = np.full((2, 3), 0.25, "float32"), np.ones((2, 3), "float32")
    advantages = tf.constant([1.0, -2.0])
    with tf.GradientTape() as tape:
        tape.watch(advantages)
        loss = policy_gradient_loss(q, policies, advantages)
    assert tape.gradient(loss, advantages) is None


def test_entropy_by_hand():
    q = np.array([[0.25, 0.5], [1.0, np.exp(-1)]], "float32")
    expected = [0.25 * np.log(4) + 0.5 * np.log(2), np.exp(-1)]
    np.testing.assert_allclose(policy_entropy(q), expected, rtol=1e-6)


@settings(deadline=None)
@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=8))
def test_the_entropys_gradient_draws_towards_one_in_e(q):
    q = np.array(q, "float32")
    (slope,) = gradient(policy_entropy, q[np.newaxis])
    np.testing.assert_allclose(slope[0], -np.log(q) - 1, rtol=1e-4, atol=1e-5)
    elsewhere = np.abs(q - np.exp(-1)) > 1e-4
    assert (np.sign(slope[0]) == np.sign(np.exp(-1) - q))[elsewhere].all()


@pytest.mark.parametrize("policy", [[0, 0], [0, 1], [1, 0], [1, 1]])
def test_certain_probabilities_stay_finite(policy):
    """At alpha = 1 nothing keeps a probability off 0 and 1, nor a draw from them."""
    policies, advantages = np.array([policy], "float32"), np.array([-3.0], "float32")

    def loss(logits):
        q = bound_probabilities(tf.sigmoid(logits), 1.0)
        losses = policy_gradient_loss(q, policies, advantages)
        return losses - 0.1 * policy_entropy(q)

    logits = np.array([[-200.0, 200.0]], "float32")
    np.testing.assert_array_equal(tf.sigmoid(logits), [[0.0, 1.0]])
    assert np.isfinite(loss(logits)).all()
    (slope,) = gradient(loss, logits)
    assert np.isfinite(slope).all()
    # Nor by the probabilities themselves.
    for function in (
        lambda q: policy_gradient_loss(q, policies, advantages),
        policy_entropy,
    ):
        (slope,) = gradient(function, np.array([[0.0, 1.0]], "float32"))
        assert np.isfinite(slope).all()


UNITS = 3
EVERY_POLICY = np.array(list(itertools.product([0, 1], repeat=UNITS)), "float32")


def likelihoods(logits, alpha, free):
    """Of every policy, in float64; blocks that are not free run."""
    p = 1 / (1 + np.exp(-logits))
    q = np.where(free == 1, alpha * p + (1 - alpha) * (1 - p), 1.0)
    return np.prod(np.where(EVERY_POLICY == 1, q, 1 - q), axis=1)


@settings(deadline=None)
@given(
    st.lists(st.floats(-3, 3), min_size=UNITS, max_size=UNITS),
    st.lists(st.booleans(), min_size=2**UNITS, max_size=2**UNITS),
    st.floats(-5, 0),
    st.floats(0.55, 1.0),
    st.floats(-5, 5),
    st.integers(1, UNITS),
)
def test_expected_gradient_is_that_of_the_expected_reward(
    logits, matches, penalty, alpha, baseline, free_units
):
    """Equations 3 to 5, over all policies; a baseline makes no difference to it."""
    logits = np.array(logits)
    free = np.float32(np.arange(UNITS) >= UNITS - free_units)
    rewards = np.array(policy_reward(EVERY_POLICY, matches, penalty), "float64")
    step = 1e-5 * np.eye(UNITS)
    expected = [
        (likelihoods(logits + s, alpha, free) - likelihoods(logits - s, alpha, free))
        @ rewards
        / 2e-5
        for s in step
    ]
    weights = likelihoods(logits, alpha, free).astype("float32")
    for subtracted in (0.0, baseline):
        advantages = np.float32(rewards - subtracted)

        def loss(logits, advantages=advantages):
            q = bound_probabilities(tf.sigmoid(logits), alpha)
            q = tf.repeat(q[tf.newaxis], len(EVERY_POLICY), axis=0)
            losses = policy_gradient_loss(q, EVERY_POLICY, advantages, free)
            return weights * losses

        (slope,) = gradient(loss, logits)
        np.testing.assert_allclose(-slope, expected, rtol=1e-3, atol=1e-4)
