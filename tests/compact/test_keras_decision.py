"""Decisions that compact execution knows nothing of: their layers are asked."""

import numpy as np
import pytest
import tensorflow as tf
from compact_checks import draw_masks
from keras import ops
from small_networks import (
    assert_network_equals_model,
    build,
    draw_images,
)

from sact_keras.compact import CompactModel
from sact_keras.compact.network import CompactNetwork
from sact_keras.layers import Decision, HaltingDecision
from sact_keras.models import METHODS, Method, presets


class Bright(Decision):
    """Runs where features are above their mean, counts, and halves what it has seen.

    Args:
        spatial: Whether it decides about positions.
    """

    def __init__(self, spatial, **kwargs):
        super().__init__(**kwargs)
        self.spatial = spatial

    def build(self, input_shape, output_shape=None):
        self.offset = self.add_weight(shape=(), initializer="zeros", name="offset")
        super().build(input_shape, output_shape)

    def start(self, inputs, training=False, progress=0.0, noise=None):
        return ops.zeros(ops.shape(inputs)[:1])

    def before_unit(self, index, inputs, state, training=False):
        if index == 0:
            return None, state
        bright = ops.mean(inputs, axis=-1)
        middle = ops.mean(bright, axis=(1, 2), keepdims=True) + self.offset
        if not self.spatial:
            bright, middle = ops.max(bright, axis=(1, 2)), 2.0 * middle[:, 0, 0] + 0.5
        return ops.cast(bright > middle, "float32"), state + 1.0

    def after_unit(self, index, outputs, state, training=False):
        return 0.5 * outputs, state + ops.mean(outputs, axis=(1, 2, 3))

    def finish(self, outputs, state):
        return outputs + 1.0, {"seen": state}


class Hurried(HaltingDecision):
    """Halting whose blocks give twice what they did."""

    def finish(self, outputs, state):
        outputs, report = super().finish(outputs, state)
        return 2.0 * outputs, report


def hurried(spatial):
    return lambda plan, arguments: Hurried(
        plan.num_units, spatial, activated=plan.activated, style=plan.style
    )


DECISIONS = {
    "images": lambda plan, arguments: Bright(spatial=False),
    "positions": lambda plan, arguments: Bright(spatial=True),
    "halting_images": hurried(spatial=False),
    "halting_positions": hurried(spatial=True),
}


@pytest.fixture(params=DECISIONS)
def model(request, monkeypatch):
    method = Method(decide=DECISIONS[request.param])
    monkeypatch.setitem(METHODS, "unknown", method)
    monkeypatch.setattr(presets, "MODEL_TYPES", (*presets.MODEL_TYPES, "unknown"))
    return build("unknown")


def test_its_own_masks(model):
    compact = CompactNetwork(model)
    outputs = assert_network_equals_model(
        model, draw_images(5, (13, 10)), network=compact
    )
    assert {0.0, 1.0} == {v for mask in outputs["masks"] for v in np.unique(mask)}
    assert_network_equals_model(model, draw_images(1, (7, 8)), network=compact)


def test_masks_that_are_handed_over(model):
    compact, images = CompactNetwork(model), draw_images(4, (13, 10))
    for rate in (0.0, 0.3, 0.7, 1.0):
        masks = draw_masks(model, 4, (13, 10), rate)
        assert_network_equals_model(model, images, masks, network=compact)


@pytest.mark.parametrize("model_type", ["act", "sact"])
def test_first_units_run_though_masks_say_otherwise(model_type):
    """With halting; also those that no other follows."""
    images = draw_images(2, (9, 11))
    model = build(model_type, model="1_2_1")
    masks = draw_masks(model, 2, (9, 11), 0.5)
    masks = [np.zeros_like(mask) if i != 2 else mask for i, mask in enumerate(masks)]
    outputs = assert_network_equals_model(model, images, masks)
    for first in (0, 1, 3):
        np.testing.assert_array_equal(outputs["masks"][first], 1.0)


@pytest.mark.parametrize("model", ["positions"], indirect=True)
def test_weights_of_its_own_are_exported(model, tmp_path):
    fast = CompactModel(model)
    tf.saved_model.save(fast, str(tmp_path))
    images = draw_images(3, (13, 10))
    actual = tf.saved_model.load(str(tmp_path))(images)
    np.testing.assert_allclose(
        actual["logits"], model(images)["logits"], rtol=1e-4, atol=1e-4
    )
