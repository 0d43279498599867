import keras
import numpy as np
import pytest
from layer_test import run_layer_test
from styles import CIFAR, IMAGENET

from sact_keras.layers import (
    AdaptiveBlock,
    Cost,
    Decision,
    HaltingDecision,
    ImageHalting,
    PreactivationUnit,
    SpatialHalting,
)


def make_block(spatial, num_units=4, channels=4, scale=2.0):
    """A built block whose halting varies between images and positions."""
    units = [
        PreactivationUnit(channels, style=CIFAR, name=f"unit_{i + 1}")
        for i in range(num_units)
    ]
    decision = HaltingDecision(num_units, spatial, style=CIFAR, name="halting")
    block = AdaptiveBlock(units, decision)
    block.build((None, None, None, channels))
    for branch in decision.branches:
        conv = branch.local_conv if spatial else branch.global_conv
        conv.kernel.assign(scale * keras.ops.convert_to_numpy(conv.kernel))
        conv.bias.assign([-0.5])
    return block


@pytest.fixture
def images():
    rng = np.random.default_rng(0)
    offsets = np.array([-2.0, -0.5, 0.0, 0.5, 1.0, 2.0]).reshape(6, 1, 1, 1)
    return (rng.normal(size=(6, 9, 7, 4)) + offsets).astype("float32")


@pytest.mark.parametrize("spatial", [False, True])
def test_config_round_trip(spatial):
    decision = HaltingDecision(
        3, spatial, eps=0.1, activated=False, style=IMAGENET, name="halting"
    )
    serialized = keras.saving.serialize_keras_object(decision)
    revived = keras.saving.deserialize_keras_object(serialized)
    assert revived.get_config() == decision.get_config()
    assert revived.spatial is spatial
    kind = SpatialHalting if spatial else ImageHalting
    assert [type(branch) for branch in revived.branches] == [kind, kind]


@pytest.mark.parametrize("eps", [-0.1, 0.0, 1.0, float("nan")])
def test_eps_out_of_range(eps):
    with pytest.raises(ValueError, match=rf"eps must be in \(0, 1\).*eps={eps}"):
        HaltingDecision(2, spatial=True, eps=eps, style=CIFAR)


@pytest.mark.parametrize("spatial", [False, True])
def test_report(spatial, images):
    outputs = make_block(spatial)(images)
    elements = images.shape[:3] if spatial else images.shape[:1]
    assert outputs["ponder_cost"].shape == elements
    assert outputs["halting_distribution"].shape == (*elements, 4)
    masks = np.stack(outputs["masks"])
    assert masks.shape == (4, *elements)
    assert len(np.unique(masks.sum(axis=0))) > 1, "the case must vary"
    np.testing.assert_array_equal(masks[0], 1.0)
    assert (np.diff(masks, axis=0) <= 0).all(), "what has halted never runs again"
    # A unit has a share exactly where it runs, so the masks count N.
    shares = np.moveaxis(outputs["halting_distribution"], -1, 0)
    np.testing.assert_array_equal(shares > 0, masks == 1)
    last = np.take_along_axis(shares, masks.sum(axis=0)[None].astype(int) - 1, axis=0)
    np.testing.assert_allclose(
        outputs["ponder_cost"], masks.sum(axis=0) + last[0], rtol=1e-6
    )


def unit_states(block, images):
    """(mask, input, output) of each unit, driving the decision by hand."""
    features, state = images, block.decision.start(images)
    for index, unit in enumerate(block.units):
        mask, state = block.decision.before_unit(index, features, state)
        outputs = unit(features, mask)
        yield mask, np.array(features), np.array(outputs)
        features, state = block.decision.after_unit(index, outputs, state)


@pytest.mark.parametrize("spatial", [False, True])
def test_what_has_halted_is_frozen_while_the_rest_goes_on(spatial, images):
    frozen, moved = 0, 0
    for mask, before, after in unit_states(make_block(spatial), images):
        if mask is None:
            continue
        halted = np.array(mask) == 0
        np.testing.assert_array_equal(after[halted], before[halted])
        assert (after[~halted] != before[~halted]).any(axis=-1).all()
        frozen, moved = frozen + halted.sum(), moved + (~halted).sum()
    assert frozen > 0
    assert moved > 0


@pytest.mark.parametrize("spatial", [False, True])
def test_output_is_the_mean_of_the_states_under_the_distribution(spatial, images):
    block = make_block(spatial)
    outputs = block(images)
    states = np.stack([after for _, _, after in unit_states(block, images)], axis=-1)
    shares = np.array(outputs["halting_distribution"])
    shares = shares.reshape(shares.shape[:-1] + (1,) * (5 - shares.ndim) + (4,))
    expected = np.sum(shares * states, axis=-1)
    np.testing.assert_allclose(outputs["outputs"], expected, rtol=1e-5, atol=1e-5)


def test_neighbours_go_on_reading_a_frozen_position(images):
    block = make_block(spatial=True, num_units=2)
    outputs = block(images)["outputs"]
    mask = np.array(block(images)["masks"][1])
    image, row, column = np.argwhere(mask == 0)[0]
    _, (_, state, _) = unit_states(block, images)
    changed = np.array(state)
    changed[image, row, column] += 1.0
    around = (image, slice(max(row - 1, 0), row + 2), slice(max(column - 1, 0), None))
    differs = np.array(
        block.units[1](changed, mask) != block.units[1](state, mask)
    ).any(axis=-1)
    differs[image, row, column] = False
    assert differs[around].any()
    assert np.isfinite(outputs).all()


def test_a_block_of_one_unit_costs_exactly_two(images):
    for spatial in (False, True):
        block = make_block(spatial, num_units=1)
        outputs = block(images)
        np.testing.assert_array_equal(outputs["ponder_cost"], 2.0)
        np.testing.assert_array_equal(outputs["outputs"], block.units[0](images))


def test_act_trains_every_unit_on_states_that_go_on_changing(images):
    """What is left out never reaches the output, but the batch norms see it."""
    act = make_block(spatial=False)
    for branch in act.decision.branches:
        branch.global_conv.bias.assign([50.0])  # All images halt at once.
    vanilla = AdaptiveBlock(
        [PreactivationUnit(4, style=CIFAR, name=f"unit_{i + 1}") for i in range(4)],
        Decision(),
    )
    vanilla.build((None, None, None, 4))
    for ours, theirs in zip(act.units, vanilla.units, strict=True):
        theirs.set_weights(ours.get_weights())
    outputs = act(images, training=True)
    vanilla(images, training=True)
    np.testing.assert_array_equal(np.sum(outputs["masks"], axis=0), 1.0)
    for ours, theirs in zip(act.units, vanilla.units, strict=True):
        for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_sact_trains_on_frozen_states(images):
    block = make_block(spatial=True, num_units=3)
    for branch in block.decision.branches:
        branch.local_conv.bias.assign([50.0])
    outputs = block(images, training=True)
    # Only the first unit ran; the batch norms of the second read its frozen state.
    state = np.array(outputs["outputs"])
    for unit in block.units[1:]:
        np.testing.assert_allclose(
            unit.preact.moving_mean, 0.1 * state.mean(axis=(0, 1, 2)), atol=1e-5
        )


@pytest.mark.parametrize("spatial", [False, True])
def test_there_is_no_halting_after_the_last_unit(spatial):
    block = make_block(spatial, num_units=3)
    branches = block.decision.branches
    assert len(branches) == 2
    assert [block.decision.costs(i) for i in range(3)] == [
        branches[0].costs(),
        branches[1].costs(),
        [],
    ]


@pytest.mark.parametrize(
    ("spatial", "num_trainable", "num_moving"),
    [(False, 2 * 7 + 4, 2 * 4 + 2), (True, 2 * 7 + 7, 2 * 4 + 4)],
)
def test_a_block_under_halting_is_a_layer_like_any_other(
    spatial, num_trainable, num_moving
):
    def arguments():
        units = [PreactivationUnit(4, style=CIFAR, name=f"unit_{i}") for i in range(2)]
        return {
            "units": units,
            "decision": HaltingDecision(2, spatial, style=CIFAR, name="halting"),
            "name": "block_1",
        }

    run_layer_test(
        AdaptiveBlock,
        arguments,
        (3, 5, 4, 4),
        expected_output_shape=(3, 5, 4, 4),
        expected_num_trainable_weights=num_trainable,
        expected_num_non_trainable_weights=num_moving,
    )


def test_costs_are_those_of_the_unit_and_of_deciding():
    block = make_block(spatial=True, num_units=2, channels=4)
    names = [[cost.name for cost in block.costs(i)] for i in range(2)]
    assert names == [
        ["conv1", "conv2", "local_conv", "global_conv"],
        ["conv1", "conv2"],
    ]
    assert Cost("local_conv", 2 * 9 * 4, when="active") in block.costs(0)
