"""The Gumbel trick: its noise, its gradients, its distribution, and never a NaN."""

import hypothesis
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from styles import PYTORCH

from sact_keras.layers import GateDecision, MaskDecision
from sact_keras.layers.gumbel import gumbel_noise, straight_through

EPSILONS = [1e-10, 1e-8]

# Zero and one themselves, and what lies next to them in float32.
EDGES = [0.0, 1e-45, 1.2e-38, 1e-8, 0.5, 1 - 2**-24, 1.0]


def sigmoid(x):
    return 1 / (1 + np.exp(-np.asarray(x, "float64")))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("epsilon", EPSILONS)
def test_noise_is_finite_on_all_of_zero_to_one(dtype, epsilon):
    """What a naive translation to half precision would not be.

    There 1e-10 and 1e-8 are zero, as is the smallest U: log(0) is -inf, so that noise
    is -inf for U = 0 and +inf for U = 1.
    """
    noise = gumbel_noise(tf.cast(EDGES, dtype), epsilon)
    assert noise.dtype == "float32"
    assert np.isfinite(noise).all()
    assert (np.diff(noise) >= 0).all()
    np.testing.assert_allclose(noise[0], -np.log(epsilon - np.log(epsilon)), rtol=1e-6)
    np.testing.assert_allclose(noise[-1], -np.log(epsilon), rtol=1e-6)


@hypothesis.given(st.floats(0, 1, width=32), st.sampled_from(EPSILONS))
@hypothesis.settings(deadline=None, max_examples=60)
def test_noise_lies_between_its_bounds(uniform, epsilon):
    (noise,) = np.array(gumbel_noise(np.array([uniform], "float32"), epsilon))
    lowest, highest = -np.log(epsilon - np.log(epsilon)), -np.log(epsilon)
    assert lowest - 1e-5 <= noise <= highest + 1e-5


@pytest.mark.parametrize("epsilon", EPSILONS)
def test_noise_is_gumbels(epsilon):
    uniform = np.linspace(1e-3, 1 - 1e-3, 57)
    expected = -np.log(-np.log(uniform))
    np.testing.assert_allclose(gumbel_noise(uniform, epsilon), expected, atol=2e-5)


def value_and_gradient(score, **arguments):
    score = tf.constant(score, "float32")
    with tf.GradientTape() as tape:
        tape.watch(score)
        mask = straight_through(score, **arguments)
    return np.array(mask), np.array(tape.gradient(mask, score))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5, 5.0])
def test_forwards_a_threshold_backwards_a_sigmoid(temperature):
    score = np.linspace(-8, 8, 33)
    mask, gradient = value_and_gradient(score, temperature=temperature)
    np.testing.assert_array_equal(mask, score > 0)
    soft = sigmoid(score / temperature)
    expected = soft * (1 - soft) / temperature
    # In float32, 1 - soft has lost its digits where soft is near one.
    np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=2e-7)


@pytest.mark.parametrize(("at_zero", "expected"), [(0.0, [0, 0]), (1.0, [1, 1])])
def test_a_score_of_zero_is_as_asked(at_zero, expected):
    mask, _ = value_and_gradient([0.0, -0.0], at_zero=at_zero)
    np.testing.assert_array_equal(mask, expected)


@hypothesis.given(
    st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=8),
    st.floats(1e-3, 1e3),
    st.sampled_from([0.0, 1.0]),
)
@hypothesis.settings(deadline=None, max_examples=100)
def test_is_exact_and_its_gradient_finite_for_any_score(score, temperature, at_zero):
    """Infinite ones, too, and those that the temperature makes infinite."""
    mask, gradient = value_and_gradient(score, temperature=temperature, at_zero=at_zero)
    score = np.array(score, "float32")
    expected = (score >= 0) if at_zero else (score > 0)
    # TensorFlow may take a denormal number for zero.
    normal = np.abs(score) >= np.finfo("float32").tiny
    np.testing.assert_array_equal(mask, np.where(normal, expected, mask))
    assert set(mask) <= {0.0, 1.0}
    assert np.isfinite(gradient).all()
    assert (gradient >= 0).all()
    assert (gradient <= 0.2501 / temperature).all()


@pytest.mark.parametrize("epsilon", EPSILONS)
@pytest.mark.parametrize("logit", [-3.0, -0.4, 0.0, 1.9])
def test_the_larger_of_two_noisy_logits_is_a_sample_of_their_softmax(logit, epsilon):
    """Within five standard deviations of the frequency, at a fixed seed."""
    draws = 200_000
    noise = gumbel_noise(tf.random.stateless_uniform((draws, 2), (7, 0)), epsilon)
    frequency = np.mean(straight_through(logit + noise[:, 1] - noise[:, 0]))
    probability = sigmoid(logit)
    deviation = np.sqrt(probability * (1 - probability) / draws)
    assert abs(frequency - probability) < 5 * deviation


LARGEST = float(np.finfo("float32").max)

numbers = st.one_of(
    st.sampled_from([0.0, -0.0, 1e-45, -1e-45, 1e38, -1e38, LARGEST, -LARGEST]),
    st.sampled_from([np.inf, -np.inf]),
    st.floats(width=32, allow_nan=False),
)
draws = st.one_of(st.sampled_from(EDGES), st.floats(0, 1, width=32))


@st.composite
def batches(draw, largest):
    """One to four images, at times all the same: no variance in the batch norms."""
    features = st.one_of(
        st.sampled_from([0.0, -0.0, 1e-45, 1e-38, largest, -largest]),
        st.floats(-largest, largest, width=32),
    )
    count = draw(st.integers(1, 4))
    images = draw(hnp.arrays("float32", (count, 3, 2, 4), elements=features))
    return np.repeat(images[:1], count, axis=0) if draw(st.booleans()) else images


@pytest.fixture(scope="module", params=["float32", "mixed_float16", "mixed_bfloat16"])
def policy(request):
    return request.param


@pytest.fixture(scope="module")
def largest(policy):
    """Up to which features are drawn.

    Their squares, and in half precision their sums, are within the numbers: what comes
    before a gate would not be finite either.
    """
    return 64.0 if policy == "mixed_float16" else 2.0**50


@pytest.fixture(scope="module")
def gates(policy):
    decision = GateDecision([True], noise_until=0.5, style=PYTORCH, dtype=policy)
    return built(decision)


@pytest.fixture(scope="module")
def maskers(policy):
    temperatures = (5.0, 2.5, 1.0)
    return built(MaskDecision(1, 2, temperatures, style=PYTORCH, dtype=policy))


def built(decision):
    decision.build((None, None, None, 4))
    return decision, decision.get_weights()


def assert_sound(decision, images, uniform, progress):
    """A training step's mask and gradients, and then an evaluation's mask.

    The evaluation reads the moving averages that the training step leaves behind.
    """
    images = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(images)
        state = decision.start(images, True, progress=progress, noise=[uniform])
        trained, state = decision.before_unit(0, images, state, training=True)
        weights = np.linspace(-1.0, 2.0, np.size(trained), dtype="float32")
        loss = tf.reduce_sum(tf.reshape(trained, [-1]) * weights)
    variables = [weight.value for weight in decision.trainable_weights]
    for gradient in tape.gradient(loss, [images, *variables]):
        assert np.isfinite(gradient).all()
    for weight in decision.non_trainable_weights:
        assert np.isfinite(weight).all()
    evaluated, _ = decision.before_unit(0, images, decision.start(images))
    _, report = decision.finish(images, state)
    for value in report.values():
        assert np.isfinite(value).all()
    for mask in (trained, evaluated):
        assert mask.dtype == "float32"
        assert set(np.unique(mask)) <= {0.0, 1.0}


@pytest.mark.fast_with("float32", "mixed_float16")
@hypothesis.given(st.data(), st.tuples(numbers, numbers), st.floats(0, 1))
@hypothesis.settings(deadline=None, max_examples=60)
def test_no_gate_of_images_makes_a_nan(gates, largest, data, logits, progress):
    decision, weights = gates
    decision.set_weights(weights)
    decision.gates[0].logits.bias.assign(logits)
    images = data.draw(batches(largest))
    uniform = data.draw(hnp.arrays("float32", (len(images), 2), elements=draws))
    assert_sound(decision, images, uniform, progress)


@pytest.mark.fast_with("mixed_float16")
@hypothesis.given(st.data(), st.floats(0, 1))
@hypothesis.settings(deadline=None, max_examples=60)
def test_no_mask_unit_makes_a_nan(maskers, largest, data, progress):
    decision, weights = maskers
    decision.set_weights(weights)
    (masker,) = decision.maskers
    masker.local_conv.bias.assign([data.draw(numbers)])
    masker.global_linear.bias.assign([data.draw(numbers)])
    images = data.draw(batches(largest))
    uniform = data.draw(hnp.arrays("float32", (len(images), 2, 1, 2), elements=draws))
    assert_sound(decision, images, uniform, progress)
