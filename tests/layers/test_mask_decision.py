import keras
import numpy as np
import pytest
import tensorflow as tf
from styles import PYTORCH

from sact_keras.layers import AdaptiveBlock, MaskDecision, PostactivationUnit


def sigmoid(x):
    return 1 / (1 + np.exp(-np.asarray(x, "float64")))


def gumbel(uniform):
    return -np.log(1e-8 - np.log(np.asarray(uniform, "float64") + 1e-8))


def make_decision(num_units=2, strides=1, **arguments):
    """A built decision whose masks vary between positions."""
    decision = MaskDecision(
        num_units, strides, style=PYTORCH, name="maskers", **arguments
    )
    decision.build((None, None, None, 4))
    rng = np.random.default_rng(0)
    for masker in decision.maskers:
        masker.set_weights([rng.normal(0.0, 0.4, w.shape) for w in masker.weights])
    return decision


def decide(decision, images, training=False, **arguments):
    """The masks of all units, where every unit sees the same."""
    state, masks = decision.start(images, training, **arguments), []
    for index in range(decision.num_units):
        mask, state = decision.before_unit(index, images, state, training)
        masks.append(np.array(mask))
    return masks


def noisy_score(decision, index, images, noise):
    """For running minus for skipping: the other way round than ConvNet-AIG's."""
    score = np.array(decision.maskers[index](images), "float64")
    return score + gumbel(noise[index])[..., 0] - gumbel(noise[index])[..., 1]


@pytest.fixture
def images():
    return np.random.default_rng(1).normal(size=(3, 7, 6, 4)).astype("float32")


@pytest.fixture
def noise():
    return np.random.default_rng(2).uniform(size=(2, 3, 7, 6, 2)).astype("float32")


def test_config_round_trip():
    decision = MaskDecision(
        3, 2, (5, 2.5), noise_until=0.9, seed=3, style=PYTORCH, name="maskers"
    )
    serialized = keras.saving.serialize_keras_object(decision)
    revived = keras.saving.deserialize_keras_object(serialized)
    assert revived.get_config() == decision.get_config()
    assert [masker.strides for masker in revived.maskers] == [2, 1, 1]


@pytest.mark.parametrize("temperatures", [(), (1.0, 0.0), (-1.0,)])
def test_temperatures_out_of_range_are_refused(temperatures):
    with pytest.raises(ValueError, match=r"^temperatures must be .* above 0") as raised:
        MaskDecision(2, temperatures=temperatures, style=PYTORCH)
    assert str(raised.value).endswith(f"Received: temperatures={temperatures}")


def test_a_mask_unit_sees_its_own_units_input():
    decision = MaskDecision(2, 2, style=PYTORCH)
    decision.build((None, None, None, 4), (None, None, None, 8))
    channels = [m.local_conv.kernel.shape[2] for m in decision.maskers]
    assert channels == [4, 8]
    assert decision.reads_input(0)
    assert decision.costs(1) == decision.maskers[1].costs()
    assert decision.spatial


def test_without_training_a_position_runs_where_its_score_is_not_negative(
    images, noise
):
    decision = make_decision()
    for index, mask in enumerate(decide(decision, images, noise=noise)):
        score = np.array(decision.maskers[index](images))
        np.testing.assert_array_equal(mask, score >= 0)
        assert 0 < mask.mean() < 1, "the case must vary"


@pytest.mark.parametrize("training", [False, True])
def test_a_score_of_zero_runs(training, images):
    decision = make_decision(noise_until=0.0)
    for masker in decision.maskers:
        masker.set_weights([np.zeros(w.shape) for w in masker.weights])
    masks = decide(decision, images, training, progress=1.0)
    np.testing.assert_array_equal(masks, 1.0)


@pytest.mark.parametrize("temperatures", [(1.0,), (5.0, 2.5, 1.0)])
def test_noise_that_is_handed_over_is_taken(temperatures, images, noise):
    decision = make_decision(temperatures=temperatures)
    masks = decide(decision, images, True, noise=noise)
    for index, mask in enumerate(masks):
        score = np.array(decision.maskers[index](images))
        expected = noisy_score(decision, index, images, noise)
        # The temperature is the gradient's: it moves no decision.
        np.testing.assert_array_equal(mask, expected >= 0)
        assert (mask != (score >= 0)).any(), "the noise must tell"
    again = decide(decision, images, True, noise=noise)
    np.testing.assert_array_equal(again, masks)


@pytest.mark.parametrize(
    ("progress", "temperature"),
    [(0.01, 5.0), (0.3, 5.0), (0.34, 2.5), (0.66, 2.5), (0.67, 1.0), (1.0, 1.0)],
)
@pytest.mark.parametrize("silent", [False, True])
def test_the_gradient_is_that_of_the_sigmoid_at_the_temperature(
    progress, temperature, silent, images, noise
):
    decision = make_decision(
        temperatures=(5.0, 2.5, 1.0), noise_until=0.0 if silent else 1.0
    )
    masker = decision.maskers[0]
    score = noisy_score(decision, 0, images, noise)
    if silent:
        score = np.array(masker(images), "float64")
    weights = np.random.default_rng(3).normal(size=(3, 7, 6)).astype("float32")
    with tf.GradientTape() as tape:
        state = decision.start(images, True, progress=progress, noise=noise)
        mask, _ = decision.before_unit(0, images, state, training=True)
        loss = tf.reduce_sum(mask * weights)
    soft = sigmoid(score / temperature)
    expected = np.sum(weights * soft * (1 - soft) / temperature)
    gradient = tape.gradient(loss, masker.local_conv.bias.value)
    np.testing.assert_allclose(gradient, [expected], rtol=1e-4)


@pytest.mark.parametrize(
    ("progress", "silent"), [(0.0, False), (0.8, False), (0.81, True), (1.0, True)]
)
def test_for_the_last_fifth_of_the_training_the_noise_is_off(
    progress, silent, images, noise
):
    decision = make_decision()
    mask, _ = decide(decision, images, True, progress=progress, noise=noise)
    without = np.array(decision.maskers[0](images)) >= 0
    assert np.array_equal(mask, without) == silent


def test_progress_may_be_a_weight_that_moves_on(images, noise):
    """As the model's is: a graph must not keep the one it was traced with."""
    decision = make_decision()
    progress = keras.Variable(0.0, trainable=False)

    @tf.function
    def first_mask(features):
        state = decision.start(features, True, progress=progress, noise=list(noise))
        return decision.before_unit(0, features, state, training=True)[0]

    noisy = first_mask(images)
    progress.assign(1.0)
    silent = first_mask(images)
    np.testing.assert_array_equal(noisy, noisy_score(decision, 0, images, noise) >= 0)
    np.testing.assert_array_equal(silent, np.array(decision.maskers[0](images)) >= 0)


def test_the_same_seed_draws_the_same_and_never_twice(images):
    first, again, other = (make_decision(seed=seed) for seed in (5, 5, 6))
    drawn = np.array(
        [
            [decide(decision, images, True) for _ in range(2)]
            for decision in (first, again, other)
        ]
    )
    np.testing.assert_array_equal(drawn[0], drawn[1])
    # Three runs of two steps and two units, of which the second is the first again.
    assert len({mask.tobytes() for mask in drawn.reshape(12, -1)}) == 8


def test_every_position_draws_for_itself():
    """Within five standard deviations, at a fixed seed."""
    decision = make_decision(1, seed=1)
    masker = decision.maskers[0]
    masker.set_weights([np.zeros(w.shape) for w in masker.weights])
    masker.local_conv.bias.assign([0.7])
    (mask,) = decide(decision, np.zeros((8, 50, 50, 4), "float32"), True)
    deviation = np.sqrt(sigmoid(0.7) * sigmoid(-0.7))
    assert abs(mask.mean() - sigmoid(0.7)) < 5 * deviation / np.sqrt(20_000)
    # Rows and columns of 50 vary as independent draws do.
    for axis in (1, 2):
        rates = mask.mean(axis=axis)
        assert rates.std() == pytest.approx(deviation / np.sqrt(50), rel=0.2)


@pytest.mark.parametrize("size", [(6, 4), (7, 5)])
def test_masks_have_the_resolution_of_the_outputs(size):
    decision = make_decision(1, strides=2)
    units = [PostactivationUnit(4, 2, style=PYTORCH, name="unit_1")]
    block = AdaptiveBlock(units, decision)
    images = np.random.default_rng(1).normal(size=(2, *size, 4)).astype("float32")
    outputs = block(images, training=True)
    (mask,) = outputs["masks"]
    assert mask.shape == outputs["outputs"].shape[:3] == (2, *block.output_size(size))
    # The shortcut runs, and is activated, where the mask is closed.
    evaluated = block(images)
    closed = np.array(evaluated["masks"][0]) == 0
    shortcut, _ = units[0].branches(images)
    assert closed.any()
    np.testing.assert_array_equal(
        np.array(evaluated["outputs"])[closed], np.maximum(shortcut, 0.0)[closed]
    )
