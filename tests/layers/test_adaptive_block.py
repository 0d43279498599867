import keras
import numpy as np
import pytest
from layer_test import run_layer_test
from styles import CIFAR

from sact_keras.layers import AdaptiveBlock, Decision, PreactivationUnit


@keras.saving.register_keras_serializable(package="test_adaptive_block")
class EveryOther(Decision):
    """Skips each second unit, and notes what it was shown."""

    def start(self, inputs, training=False, progress=0.0, noise=None):
        return [("start", None, inputs.shape)]

    def before_unit(self, index, inputs, state, training=False):
        mask = None if index % 2 == 0 else keras.ops.zeros(inputs.shape[:1])
        return mask, [*state, ("before", index, inputs.shape)]

    def after_unit(self, index, outputs, state, training=False):
        return outputs, [*state, ("after", index, outputs.shape)]

    def finish(self, outputs, state):
        self.seen = state
        return 2 * outputs, {"doubled": outputs}


def make_units(channels=(6, 6, 6)):
    return [
        PreactivationUnit(
            filters, strides=2 if i == 0 else 1, style=CIFAR, name=f"unit_{i + 1}"
        )
        for i, filters in enumerate(channels)
    ]


@pytest.fixture
def images():
    rng = np.random.default_rng(0)
    return rng.normal(size=(2, 7, 6, 4)).astype("float32")


def test_layer():
    run_layer_test(
        AdaptiveBlock,
        lambda: {"units": make_units((6, 6)), "decision": Decision(), "name": "block"},
        (2, 7, 6, 4),
        expected_output_shape=(2, 4, 3, 6),
        expected_num_trainable_weights=14,
        expected_num_non_trainable_weights=8,
    )


def test_without_a_decision_every_unit_runs(images):
    block = AdaptiveBlock(make_units(), Decision())
    outputs = block(images)
    features = images
    for unit in block.units:
        features = unit(features)
    np.testing.assert_array_equal(outputs["outputs"], features)
    np.testing.assert_array_equal(outputs["masks"], np.ones((3, 2)))


def test_units_run_under_the_masks_of_the_decision(images):
    block = AdaptiveBlock(make_units(), EveryOther())
    outputs = block(images)
    features = block.units[2](block.units[0](images))
    np.testing.assert_array_equal(outputs["outputs"], 2 * features)
    np.testing.assert_array_equal(outputs["doubled"], features)
    np.testing.assert_array_equal(outputs["masks"], [[1, 1], [0, 0], [1, 1]])
    small = (2, 4, 3, 6)
    assert [(what, i, tuple(shape)) for what, i, shape in block.decision.seen] == [
        ("start", None, images.shape),
        ("before", 0, images.shape),
        ("after", 0, small),
        ("before", 1, small),
        ("after", 1, small),
        ("before", 2, small),
        ("after", 2, small),
    ]


def test_shapes_follow_the_units():
    block = AdaptiveBlock(make_units(), Decision())
    assert block.features_shape((None, 33, None, 4)) == (None, 17, None, 6)
    assert block.output_size((33, 47)) == (17, 24)


@keras.saving.register_keras_serializable(package="test_adaptive_block")
class Stubborn(EveryOther):
    """Follows nobody in its second unit."""

    def overrule(self, index, mask, state, masks):
        if index == 1:
            return mask, [*state, ("kept", index, None)]
        return super().overrule(index, mask, state, masks)


def test_masks_overrule_the_decision(images):
    """Which is asked all the same, and shown what its units made."""
    block = AdaptiveBlock(make_units(), EveryOther())
    masks = np.array([[1, 0], [0, 1], [0, 0]], "float32")
    outputs = block(images, masks=list(masks))
    features = images
    for unit, mask in zip(block.units, masks, strict=True):
        features = unit(features, execution_mask=mask)
    np.testing.assert_array_equal(outputs["outputs"], 2 * features)
    np.testing.assert_array_equal(outputs["masks"], masks)
    assert [what for what, _, _ in block.decision.seen] == [
        "start",
        *["before", "after"] * 3,
    ]


def test_a_decision_says_how_it_is_overruled(images):
    block = AdaptiveBlock(make_units(), Stubborn())
    outputs = block(images, masks=list(np.ones((3, 2), "float32")))
    np.testing.assert_array_equal(outputs["masks"], [[1, 1], [0, 0], [1, 1]])
    assert ("kept", 1, None) in block.decision.seen
