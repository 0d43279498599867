"""The losses of BlockDrop's two stages beside those of the oracle.

Gradients are compared with the differences of the oracle's losses, in float64.
"""

import types

import numpy as np
from gradients import differences, gradient_of
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from loss_reference import cross_entropy
from reference import sigmoid
from reward_reference import curriculum_loss, finetuning_loss, reward

from sact_keras import losses
from sact_keras.models.policy_method import reinforce

CLASSES = 4

alphas = st.floats(0.6, 0.99)
penalties = st.floats(-10, 0)
seeds = st.integers(0, 1000)


@st.composite
def steps(draw):
    """What a step is of: logits, both policies and their predictions, and labels."""
    rng = np.random.default_rng(draw(seeds))
    images, units = draw(st.integers(1, 6)), draw(st.integers(1, 9))
    shape = images, units
    return types.SimpleNamespace(
        policy_logits=rng.normal(0, 2, shape).astype("float32"),
        sample=rng.integers(0, 2, shape).astype("float32"),
        baseline=rng.integers(0, 2, shape).astype("float32"),
        logits=rng.normal(size=(images, CLASSES)).astype("float32"),
        baseline_logits=rng.normal(size=(images, CLASSES)).astype("float32"),
        labels=rng.integers(0, CLASSES, images),
        free_units=draw(st.integers(1, units)),
    )


def rewards_of(step, penalty):
    """By the oracle: (that of the sample, the baseline's)."""
    return (
        reward(policy, logits.argmax(axis=1) == step.labels, penalty)
        for policy, logits in (
            (step.sample, step.logits),
            (step.baseline, step.baseline_logits),
        )
    )


def loss_of(step, policy_logits, **arguments):
    """Ours, of policies of those logits."""
    units = step.sample.shape[1]
    free = np.float32(np.arange(units) >= units - step.free_units)
    model = types.SimpleNamespace(
        arguments=arguments, policy=types.SimpleNamespace(free=lambda: free)
    )
    outputs = {
        "masks": list(step.sample.T),
        "baseline_policy": step.baseline,
        "logits": step.logits,
        "baseline_logits": step.baseline_logits,
        "policy_probability": ops.sigmoid(policy_logits),
    }
    supervised = cross_entropy(step.labels, step.logits)
    return reinforce(model, outputs, step.labels, np.float32(supervised))


def assert_same_loss(step, expected_loss, **arguments):
    """Compares with a function of probabilities, [N, units], and its gradient."""
    loss = loss_of(step, step.policy_logits, **arguments)
    expected = expected_loss(sigmoid(step.policy_logits.astype("float64")))
    np.testing.assert_allclose(loss, expected, rtol=1e-4, atol=1e-4)
    gradient = gradient_of(
        lambda logits: loss_of(step, logits, **arguments), step.policy_logits
    )
    wanted = differences(
        lambda logits: expected_loss(sigmoid(logits.reshape(step.sample.shape))),
        step.policy_logits.astype("float64").ravel(),
    )
    # Where no policy has an advantage the gradient is next to nothing.
    error = np.linalg.norm(gradient.ravel() - wanted)
    assert error <= 1e-4 * np.linalg.norm(wanted) + 1e-6


@settings(max_examples=40, deadline=None)
@given(steps(), alphas, st.floats(0, 1), penalties)
def test_the_curriculum(step, alpha, beta, penalty):
    sample, baseline = rewards_of(step, penalty)
    assert_same_loss(
        step,
        lambda probability: curriculum_loss(
            probability, step.sample, sample - baseline, step.free_units, alpha, beta
        ),
        stage="curriculum",
        alpha=alpha,
        beta=beta,
        penalty=penalty,
    )


@settings(max_examples=40, deadline=None)
@given(steps(), alphas, penalties)
def test_finetuning(step, alpha, penalty):
    step.free_units = step.sample.shape[1]
    sample, baseline = rewards_of(step, penalty)
    assert_same_loss(
        step,
        lambda probability: finetuning_loss(
            probability,
            step.sample,
            sample - baseline,
            step.labels,
            step.logits.astype("float64"),
            alpha,
        ),
        stage="finetune",
        alpha=alpha,
        beta=0.1,
        penalty=penalty,
    )


@settings(max_examples=40, deadline=None)
@given(steps(), penalties)
def test_rewards(step, penalty):
    for policy, expected in zip(
        (step.sample, step.baseline), rewards_of(step, penalty), strict=True
    ):
        logits = step.logits if policy is step.sample else step.baseline_logits
        right = logits.argmax(axis=1) == step.labels
        actual = losses.policy_reward(policy, right, penalty)
        np.testing.assert_allclose(actual, expected, rtol=1e-6)
