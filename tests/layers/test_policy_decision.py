import keras
import numpy as np
import pytest
from layer_test import with_random_weights
from styles import PYTORCH

from sact_keras.layers import AdaptiveBlock, DroppableUnit, PolicyDecision

POLICY = np.array([[1, 0, 1], [0, 0, 1], [1, 1, 0], [0, 0, 0]], "float32")


@pytest.fixture
def images():
    return np.random.default_rng(0).normal(size=(4, 6, 5, 4)).astype("float32")


@pytest.fixture
def block(images):
    units = [
        DroppableUnit(4, style=PYTORCH, name=f"unit_{index + 1}") for index in range(3)
    ]
    return with_random_weights(AdaptiveBlock(units, PolicyDecision()), images.shape)


def test_every_unit_runs_for_the_images_of_its_column(block, images):
    outputs = block(images, policy=POLICY)
    for mask, column in zip(outputs["masks"], POLICY.T, strict=True):
        assert mask.dtype == "float32"
        np.testing.assert_array_equal(mask, column)
    for image, policy, result in zip(images, POLICY, outputs["outputs"], strict=True):
        features = image[np.newaxis]
        for unit, runs in zip(block.units, policy, strict=True):
            features = unit(features) if runs else features
        np.testing.assert_allclose(features[0], result, rtol=1e-5, atol=1e-5)
    assert set(outputs) == {"outputs", "masks"}


def test_what_else_a_block_is_handed_changes_nothing(block, images):
    expected = block(images, policy=POLICY)["outputs"]
    noise = [np.full(4, 0.5, "float32")] * 3
    outputs = block(images, policy=POLICY, progress=0.5, noise=noise)["outputs"]
    np.testing.assert_array_equal(outputs, expected)


def test_it_decides_about_every_unit_without_seeing_it_or_costing_anything():
    decision = PolicyDecision()
    decision.build((None, None, None, 4))
    assert not decision.weights
    for index in range(3):
        assert decision.decides(index)
        assert not decision.reads_input(index)
        assert decision.costs(index) == []


def test_a_block_must_be_handed_a_policy(images):
    message = r"^policy must be given to a block .*Received: policy=None$"
    with pytest.raises(ValueError, match=message):
        PolicyDecision().start(images)


def test_config_round_trip(block, images):
    serialized = keras.saving.serialize_keras_object(block)
    revived = keras.saving.deserialize_keras_object(serialized)
    assert revived.get_config() == block.get_config()
    assert type(revived.decision) is PolicyDecision
    revived.set_weights(block.get_weights())
    np.testing.assert_array_equal(
        revived(images, policy=POLICY)["outputs"],
        block(images, policy=POLICY)["outputs"],
    )
