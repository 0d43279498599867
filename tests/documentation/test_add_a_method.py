"""The method that a tutorial adds gets everything else from the house."""

from unittest import mock

import keras
import numpy as np
import pytest
from conftest import PROJECT_ROOT
from documented_pages import python_blocks_of

import sact_keras
from sact_keras.models import METHODS, AdaptiveResNet

TUTORIAL = PROJECT_ROOT / "docs" / "tutorials" / "add_a_method.md"
SOURCE = python_blocks_of(TUTORIAL)[0].source


@pytest.fixture
def example():
    names = {}
    with mock.patch.dict(METHODS):
        exec(SOURCE, names)
        yield names


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


def test_the_method_is_as_short_as_the_tutorial_says():
    assert len(SOURCE.splitlines()) <= 50


def test_a_decision_and_a_loss_are_a_method(example, tmp_path):
    model = AdaptiveResNet("gates", "cifar", (2, 3, 1), 10, base_channels=4)
    model.build((None, None, None, 3))
    for block in model.blocks:
        block.decision.biases.assign(-9 * keras.ops.ones_like(block.decision.biases))
    images = np.random.default_rng(0).normal(size=(16, 32, 32, 3)).astype("float32")
    outputs = model(images)
    masks = np.stack([array(mask) for mask in outputs["masks"]])
    assert masks[:, 0].tolist() == [1, 0, 1, 0, 0, 1]  # The first of a block runs.
    assert np.all(array(outputs["num_units_map"]) == 3)
    plain = AdaptiveResNet("vanilla", "cifar", (1, 1, 1), 10, base_channels=4)
    # A gate costs a multiply-accumulate a channel: one of 4 channels, two of 8.
    gates = 2 * (4 + 2 * 8)
    assert np.array_equal(
        array(outputs["flops"]), array(plain(images)["flops"]) + gates
    )
    fast = sact_keras.compact(model)(images)
    assert np.array_equal(array(fast["flops"]), array(outputs["flops"]))
    np.testing.assert_allclose(fast["logits"], outputs["logits"], atol=1e-4)

    model.compile(
        keras.optimizers.SGD(0.1),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    labels = np.arange(16) % 10
    before = array(model.blocks[1].decision.biases).copy()
    logs = model.fit(images, labels, batch_size=8, verbose=0).history
    assert logs["method_loss"][0] > 0
    assert np.any(array(model.blocks[1].decision.biases) != before)

    model.save(tmp_path / "gates.keras")
    loaded = keras.models.load_model(tmp_path / "gates.keras")
    np.testing.assert_array_equal(loaded(images)["logits"], model(images)["logits"])
