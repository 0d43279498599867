"""What the base of compact decisions leaves as it is."""

import numpy as np
import pytest
import tensorflow as tf
from small_networks import build

from sact_keras.compact.decision import CompactDecision
from sact_keras.compact.folding import fold_unit
from sact_keras.compact.masked_block import MaskedBlock


class OddUnits(CompactDecision):
    """Runs every second unit, for all images."""

    def before_unit(self, index, features, looked, state):
        return tf.fill(tf.shape(features)[:1], float(index % 2)), state


@pytest.fixture(scope="module")
def block():
    """Three units, the first of which is followed by others of the same shape."""
    return build("vanilla", model="3").blocks[0]


@pytest.fixture(scope="module")
def features():
    return np.random.default_rng(0).normal(size=(2, 7, 5, 4)).astype("float32")


def run(block, decision, features, given=None):
    compact = MaskedBlock([fold_unit(unit) for unit in block.units], decision)
    return compact(tf.constant(features), given=given)


def test_it_decides_nothing_and_reports_nothing(block, features):
    outputs = run(block, CompactDecision(), features)
    assert set(outputs) == {"outputs", "masks"}
    np.testing.assert_array_equal(outputs["masks"], np.ones((3, 2)))
    np.testing.assert_allclose(
        outputs["outputs"], block(features)["outputs"], rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("decision", [CompactDecision, OddUnits])
def test_masks_that_are_handed_over_are_taken(block, features, decision):
    masks = [np.array(mask, "float32") for mask in ([0, 1], [1, 1], [1, 0])]
    outputs = run(block, decision(), features, [tf.constant(mask) for mask in masks])
    np.testing.assert_array_equal(outputs["masks"], masks)
    np.testing.assert_allclose(
        outputs["outputs"],
        block(features, masks=masks)["outputs"],
        rtol=1e-4,
        atol=1e-4,
    )


def test_a_subclass_need_only_decide(block, features):
    outputs = run(block, OddUnits(), features)
    np.testing.assert_array_equal(outputs["masks"], [[0, 0], [1, 1], [0, 0]])
    expected = block(features, masks=outputs["masks"])["outputs"]
    np.testing.assert_allclose(outputs["outputs"], expected, rtol=1e-4, atol=1e-4)
