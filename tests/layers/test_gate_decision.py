import keras
import numpy as np
import pytest
import tensorflow as tf
from layer_test import run_layer_test
from styles import PYTORCH

from sact_keras.layers import AdaptiveBlock, GateDecision, PostactivationUnit

GATED = [True, False, True]


def sigmoid(x):
    return 1 / (1 + np.exp(-np.asarray(x, "float64")))


def gumbel(uniform):
    return -np.log(1e-10 - np.log(np.asarray(uniform, "float64") + 1e-10))


def make_decision(gated=GATED, **arguments):
    """A built decision whose gates' probabilities vary between images."""
    decision = GateDecision(gated, style=PYTORCH, name="gates", **arguments)
    decision.build((None, None, None, 4))
    rng = np.random.default_rng(0)
    for gate in filter(None, decision.gates):
        gate.hidden.kernel.assign(rng.normal(0.0, 1.0, (4, 16)))
        gate.logits.kernel.assign(rng.normal(0.0, 1.0, (16, 2)))
        gate.logits.bias.assign([0.1, 0.3])
    return decision


def make_block(decision):
    units = [
        PostactivationUnit(4, style=PYTORCH, name=f"unit_{index + 1}")
        for index in range(len(decision.gated))
    ]
    block = AdaptiveBlock(units, decision)
    block.build((None, None, None, 4))
    return block


def decide(decision, images, training=False, **arguments):
    """The masks of all units, and the report, where every unit sees the same."""
    state, masks = decision.start(images, training, **arguments), []
    for index in range(len(decision.gated)):
        mask, state = decision.before_unit(index, images, state, training)
        masks.append(None if mask is None else np.array(mask))
    _, report = decision.finish(images, state)
    return masks, np.array(report["gate_probability"])


def score(decision, index, images, training=False):
    logits = np.array(decision.gates[index](images, training=training), "float64")
    return logits[:, 1] - logits[:, 0]


@pytest.fixture
def images():
    rng = np.random.default_rng(1)
    return 2.0 * rng.normal(size=(64, 2, 3, 4)).astype("float32")


@pytest.fixture
def noise():
    return np.random.default_rng(2).uniform(size=(3, 64, 2)).astype("float32")


def test_a_gated_block_is_a_layer_like_any_other():
    def arguments():
        units = [PostactivationUnit(4, style=PYTORCH, name=f"unit_{i}") for i in (1, 2)]
        decision = GateDecision([True, False], seed=1, style=PYTORCH, name="gates")
        return {"units": units, "decision": decision, "name": "block_1"}

    run_layer_test(
        AdaptiveBlock,
        arguments,
        (3, 5, 4, 4),
        expected_output_shape=(3, 5, 4, 4),
        expected_num_trainable_weights=2 * 6 + 6,
        expected_num_non_trainable_weights=2 * 4 + 2,
    )


@pytest.mark.parametrize("gate_eval", ["deterministic", "sample", "expected"])
def test_config_round_trip(gate_eval):
    decision = GateDecision(
        GATED, gate_eval, noise_until=0.9, seed=3, style=PYTORCH, name="gates"
    )
    serialized = keras.saving.serialize_keras_object(decision)
    revived = keras.saving.deserialize_keras_object(serialized)
    assert revived.get_config() == decision.get_config()
    assert revived.weighs == decision.weighs == (gate_eval == "expected")


def test_an_unknown_evaluation_is_refused():
    with pytest.raises(
        ValueError,
        match=r"^gate_eval must be one of deterministic, sample, expected\. "
        r"Received: gate_eval='never'$",
    ):
        GateDecision(GATED, "never", style=PYTORCH)


def test_a_unit_without_a_gate_always_runs_and_costs_nothing(images):
    decision = make_decision()
    assert decision.gates[1] is None
    assert decision.costs(1) == []
    assert decision.costs(0) == decision.gates[0].costs() != []
    assert [decision.reads_input(index) for index in range(3)] == GATED
    assert not any("unit_2" in weight.path for weight in decision.weights)
    for training in (False, True):
        masks, probability = decide(decision, images, training)
        assert masks[1] is None
        np.testing.assert_array_equal(probability[:, 1], 1.0)


def test_a_gate_sees_its_own_units_input():
    decision = GateDecision([True, True], style=PYTORCH)
    decision.build((None, None, None, 4), (None, None, None, 8))
    assert [gate.hidden.kernel.shape[0] for gate in decision.gates] == [4, 8]


def test_deterministic_evaluation_takes_the_larger_logit(images, noise):
    decision = make_decision()
    masks, probability = decide(decision, images, noise=noise)
    for index in (0, 2):
        expected = score(decision, index, images)
        np.testing.assert_array_equal(masks[index], expected > 0)
        assert 0 < masks[index].mean() < 1, "the case must vary"
        np.testing.assert_allclose(probability[:, index], sigmoid(expected), rtol=1e-5)


@pytest.mark.parametrize(
    ("gate_eval", "training"),
    [("deterministic", True), ("expected", True), ("sample", True), ("sample", False)],
)
def test_noise_that_is_handed_over_is_taken(gate_eval, training, images, noise):
    """Two draws an image: the first for skipping, the second for running."""
    decision = make_decision(gate_eval=gate_eval)
    masks, probability = decide(decision, images, training, noise=noise)
    for index in (0, 2):
        silent = score(decision, index, images, training)
        drawn = gumbel(noise[index])
        noisy = silent + drawn[:, 1] - drawn[:, 0]
        np.testing.assert_array_equal(masks[index], noisy > 0)
        assert (masks[index] != (silent > 0)).any(), "the noise must tell"
        np.testing.assert_allclose(probability[:, index], sigmoid(silent), rtol=1e-4)
    again, _ = decide(decision, images, training, noise=noise)
    np.testing.assert_array_equal(again[2], masks[2])


def test_expected_evaluation_weighs_the_residual_by_the_probability(images):
    decision = make_decision(gate_eval="expected")
    masks, probability = decide(decision, images)
    np.testing.assert_array_equal(masks[0], probability[:, 0])
    block = make_block(decision)
    outputs, features = block(images), images
    for index, unit in enumerate(block.units):
        weight = outputs["gate_probability"][:, index].numpy().reshape(-1, 1, 1, 1)
        shortcut, residual = unit.branches(features)
        features = np.maximum(shortcut + weight * residual, 0.0)
    np.testing.assert_allclose(outputs["outputs"], features, rtol=1e-4, atol=1e-5)
    # What has a weight runs, and is accounted for.
    np.testing.assert_array_equal(outputs["masks"], np.ones((3, 64)))
    trained = block(images, training=True)
    assert set(np.unique(trained["masks"])) == {0.0, 1.0}


def test_the_gradient_is_that_of_the_noisy_scores_sigmoid(images, noise):
    decision = make_decision()
    gate = decision.gates[0]
    noisy = score(decision, 0, images, training=True)
    noisy += gumbel(noise[0])[:, 1] - gumbel(noise[0])[:, 0]
    weights = np.random.default_rng(3).normal(size=64)
    with tf.GradientTape() as tape:
        state = decision.start(images, True, noise=noise)
        mask, _ = decision.before_unit(0, images, state, training=True)
        loss = tf.reduce_sum(mask * weights.astype("float32"))
    soft = sigmoid(noisy)
    run = np.sum(weights * soft * (1 - soft))
    gradient = tape.gradient(loss, gate.logits.bias.value)
    np.testing.assert_allclose(gradient, [-run, run], rtol=1e-4)


@pytest.mark.parametrize(
    ("progress", "silent"), [(0.0, False), (0.75, False), (0.76, True), (1.0, True)]
)
def test_noise_is_drawn_until_it_is_to_end(progress, silent, images, noise):
    decision = make_decision(noise_until=0.75)
    masks, _ = decide(decision, images, True, progress=progress, noise=noise)
    without = score(decision, 0, images, training=True) > 0
    assert np.array_equal(masks[0], without) == silent


def test_noise_never_ends_by_default(images, noise):
    decision = make_decision()
    masks, _ = decide(decision, images, True, progress=1.0, noise=noise)
    without = score(decision, 0, images, training=True) > 0
    assert not np.array_equal(masks[0], without)


def test_sampled_evaluation_draws_whatever_the_progress(images, noise):
    decision = make_decision(gate_eval="sample", noise_until=0.5)
    early, late = (
        decide(decision, images, progress=progress, noise=noise)[0]
        for progress in (0.0, 1.0)
    )
    np.testing.assert_array_equal(early[0], late[0])
    assert (late[0] != (score(decision, 0, images) > 0)).any()


def test_the_same_seed_draws_the_same_and_never_twice(images):
    first, again, other = (make_decision(seed=seed) for seed in (5, 5, 6))
    drawn = [
        [decide(decision, images, True)[0] for _ in range(2)]
        for decision in (first, again, other)
    ]
    np.testing.assert_array_equal(drawn[0][0][0], drawn[1][0][0])
    np.testing.assert_array_equal(drawn[0][1][2], drawn[1][1][2])
    distinct = {
        step[unit].tobytes() for run in drawn for step in run for unit in (0, 2)
    }
    # Three runs of two steps and two gates, of which the second is the first again.
    assert len(distinct) == 8


def test_rates_of_execution_are_the_probabilities():
    """Within five standard deviations, at a fixed seed."""
    decision = make_decision([True], seed=1)
    decision.gates[0].logits.kernel.assign(np.zeros((16, 2)))
    decision.gates[0].logits.bias.assign([0.1, 2.0])
    (mask,), probability = decide(decision, np.zeros((20_000, 1, 1, 4)), True)
    np.testing.assert_allclose(probability, sigmoid(1.9), rtol=1e-5)
    deviation = np.sqrt(sigmoid(1.9) * sigmoid(-1.9) / 20_000)
    assert abs(mask.mean() - sigmoid(1.9)) < 5 * deviation
