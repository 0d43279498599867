"""The mathematics of halting, whatever the scores come from."""

import hypothesis
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sact_keras.layers import Halting


def halt(scores, eps=0.01):
    """Runs scores [units - 1, ...] through; returns (shares, final state)."""
    state, shares = Halting.start(scores.shape[1:]), []
    for score in [*tf.unstack(scores), None]:
        share, state = state.advance(score, 1.0 - eps)
        shares.append(share)
    return tf.stack(shares), state


def halting_unit(scores, eps):
    """N of a single element, by the definition, in float32 as the networks run."""
    total = np.float32(0)
    for unit, score in enumerate(scores, start=1):
        total = np.float32(total + np.float32(score))
        if total >= np.float32(1.0 - eps):
            return unit
    return len(scores) + 1


@pytest.mark.parametrize(
    ("scores", "cost", "num_units", "distribution"),
    [
        ([0.999] * 4, 2.0, 1, [1.0, 0.0, 0.0, 0.0, 0.0]),
        ([0.01, 0.50, 0.60], 3.49, 3, [0.01, 0.50, 0.49, 0.0]),
        ([0.2, 0.3], 3.5, 3, [0.2, 0.3, 0.5]),
        ([], 2.0, 1, [1.0]),
    ],
    ids=["at once", "third unit", "last unit", "block of one unit"],
)
def test_worked_cases(scores, cost, num_units, distribution):
    shares, state = halt(tf.constant([[s] for s in scores], shape=(len(scores), 1)))
    np.testing.assert_allclose(shares[:, 0], distribution, atol=1e-6)
    np.testing.assert_allclose(state.ponder_cost(), [cost], atol=1e-6)
    np.testing.assert_array_equal(state.num_units, [num_units])
    assert not state.running.numpy().any()


batches_of_scores = hnp.arrays(
    "float32",
    st.tuples(st.integers(1, 7), st.integers(1, 5)),
    elements=st.floats(2**-13, 1 - 2**-13, width=32),
)


@hypothesis.given(batches_of_scores, st.sampled_from([0.001, 0.01, 0.2, 0.5]))
@hypothesis.settings(deadline=None, max_examples=60)
def test_properties(scores, eps):
    scores = tf.constant(scores)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(scores)
        shares, state = halt(scores, eps)
        cost = state.ponder_cost()
        distribution_sum = tf.reduce_sum(shares)
    units, elements = shares.shape
    num_units = state.num_units.numpy()
    expected = [halting_unit(column, eps) for column in scores.numpy().T]
    np.testing.assert_array_equal(num_units, expected)
    # A distribution, whose last share is the remainder.
    np.testing.assert_allclose(tf.reduce_sum(shares, axis=0), 1.0, atol=1e-5)
    assert (shares.numpy() >= -1e-6).all()
    remainder = shares.numpy()[num_units - 1, np.arange(elements)]
    np.testing.assert_allclose(cost, num_units + remainder, atol=1e-5)
    after = np.arange(units)[:, None] >= num_units
    np.testing.assert_array_equal(shares.numpy()[after], 0.0)
    # The cost falls with every score before the unit that halts, and with no other.
    before = np.arange(1, units)[:, None] < num_units
    np.testing.assert_array_equal(
        tape.gradient(cost, scores), np.where(before, -1.0, 0.0)
    )
    # What a share gains the remainder loses.
    np.testing.assert_array_equal(tape.gradient(distribution_sum, scores), 0.0)


def test_gradient_of_the_distribution():
    scores = tf.constant([[0.2], [0.3], [0.7], [0.9]])
    with tf.GradientTape() as tape:
        tape.watch(scores)
        shares, _ = halt(scores)
        loss = tf.reduce_sum(shares * [[1.0], [10.0], [100.0], [1000.0], [1e4]])
    gradient = tape.gradient(loss, scores)
    # p = (h1, h2, 1 - h1 - h2, 0, 0)
    np.testing.assert_allclose(gradient[:, 0], [1 - 100, 10 - 100, 0, 0])


def test_the_threshold_is_met_in_float32():
    """0.33 three times is 0.99 in decimals, and in float32 the sum decides."""
    scores = np.full((3, 1), 0.33, "float32")
    _, state = halt(tf.constant(scores))
    assert state.num_units.numpy() == [halting_unit(scores[:, 0], 0.01)]


def test_scores_of_lower_precision_are_summed_in_float32():
    scores = tf.constant([[0.3], [0.3], [0.3]], "bfloat16")
    shares, state = halt(scores)
    assert shares.dtype == state.cumulative.dtype == "float32"
    np.testing.assert_allclose(
        state.cumulative, tf.reduce_sum(tf.cast(scores, "float32"), axis=0), rtol=1e-6
    )


def test_the_cumulative_score_goes_on_growing():
    _, state = halt(tf.constant([[0.999], [0.5], [0.25]]))
    np.testing.assert_allclose(state.cumulative, [1.749], rtol=1e-6)


def test_elements_are_independent():
    scores = np.random.default_rng(0).uniform(size=(4, 2, 3, 5)).astype("float32")
    whole, _ = halt(tf.constant(scores))
    part, _ = halt(tf.constant(scores[:, 1:, :, 2:4]))
    np.testing.assert_array_equal(whole[:, 1:, :, 2:4], part)
