"""Masks that are held are those that were handed over last."""

import numpy as np
import pytest
import tensorflow as tf

import sact_keras
from sact_keras.benchmarking.held_masks import HeldMasks


@pytest.mark.parametrize("number", [1, 2])
def test_outputs_are_those_of_masks_handed_over(number):
    model = sact_keras.build_model("dynconv", model="1", base_channels=4)
    images = tf.random.stateless_normal((number, 8, 12, 3), seed=(0, 1))
    held = HeldMasks(lambda images, masks: model(images, training=False, masks=masks))
    rng = np.random.default_rng(2)
    sizes = [mask.shape[1:] for mask in model(images)["masks"]]
    for rate in (0.5, 0.0, 0.5):
        masks = [
            tf.constant((rng.random((number, *size)) < rate).astype("float32"))
            for size in sizes
        ]
        expected = model(images, training=False, masks=masks)
        for _ in range(2):
            outputs = held(images, masks)
            np.testing.assert_array_equal(outputs["flops"], expected["flops"])
            np.testing.assert_allclose(
                outputs["logits"], expected["logits"], rtol=1e-4, atol=1e-4
            )
    own = model(images, training=False)
    np.testing.assert_array_equal(held(images, None)["flops"], own["flops"])
