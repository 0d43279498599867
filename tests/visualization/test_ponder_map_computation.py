"""Tests of `sact_keras.ponder_maps`."""

import numpy as np
import pytest
import tensorflow as tf

import sact_keras
from sact_keras.visualization.ponder_map_computation import block_names

IMAGES = np.random.default_rng(0).normal(size=(3, 32, 48, 3)).astype(np.float32)

SPATIAL = ("sact", "dynconv")
HALTING = ("act", "sact")


def build(model_type):
    options = {"aig": {"target_rate": 0.5}, "dynconv": {"budget": 0.5}}
    return sact_keras.build_model(
        model_type, model="1_2_1", base_channels=4, **options.get(model_type, {})
    )


@pytest.mark.parametrize(
    "model_type", ["vanilla", "act", "sact", "aig", "dynconv", "blockdrop"]
)
def test_every_method_has_every_entry(model_type):
    model = build(model_type)
    maps = sact_keras.ponder_maps(model, IMAGES)
    outputs = model(IMAGES, training=False)
    names = {
        "images",
        "logits",
        "flops",
        "num_units_map",
        "ponder_cost_map",
        "executed_units",
        *(f"block_{b}/{n}" for b in (1, 2, 3) for n in ("flops", "num_units")),
        *(f"block_{b}/ponder_cost" for b in (1, 2, 3)),
    }
    if model_type in HALTING:
        names |= {f"block_{b}/halting_distribution" for b in (1, 2, 3)}
    assert maps.keys() == names
    for name in names & set(outputs):
        np.testing.assert_array_equal(maps[name], outputs[name], err_msg=name)
    assert maps["flops"].dtype == maps["block_1/flops"].dtype == np.int64
    assert maps["num_units_map"].dtype == np.int32
    assert maps["ponder_cost_map"].dtype == np.float32
    for name in ("ponder_cost_map", "num_units_map"):
        assert maps[name].shape == (3, 32, 48)
    assert maps["executed_units"].shape == (3, 4)
    assert maps["block_3/num_units"].ndim == (3 if model_type in SPATIAL else 1)
    if model_type not in HALTING:
        np.testing.assert_array_equal(maps["ponder_cost_map"], maps["num_units_map"])
        np.testing.assert_array_equal(
            maps["block_2/ponder_cost"], maps["block_2/num_units"]
        )


def test_executed_units_are_the_share_of_positions():
    model = build("dynconv")
    masks = model(IMAGES, training=False)["masks"]
    maps = sact_keras.ponder_maps(model, IMAGES)
    for unit, mask in enumerate(masks):
        expected = np.mean(mask, axis=(1, 2))
        np.testing.assert_allclose(maps["executed_units"][:, unit], expected, rtol=1e-6)
    counts = [maps[f"block_{b}/num_units"].mean(axis=(1, 2)) for b in (1, 2, 3)]
    np.testing.assert_allclose(
        maps["executed_units"].sum(axis=1), np.sum(counts, axis=0), rtol=1e-6
    )


def test_the_batch_size_changes_nothing():
    model = build("sact")
    whole = sact_keras.ponder_maps(model, IMAGES)
    parts = sact_keras.ponder_maps(model, IMAGES, batch_size=2)
    assert whole.keys() == parts.keys()
    for name, values in whole.items():
        np.testing.assert_allclose(parts[name], values, rtol=1e-5, atol=1e-5)


def test_the_compact_form_has_the_same_maps():
    model = build("sact")
    masked = sact_keras.ponder_maps(model, IMAGES)
    compact = sact_keras.ponder_maps(sact_keras.compact(model), IMAGES)
    assert masked.keys() == compact.keys()
    for name, values in masked.items():
        np.testing.assert_allclose(compact[name], values, rtol=1e-4, atol=1e-4)


def test_a_saved_model_is_asked_for_its_details(tmp_path):
    model = build("sact")

    class Served(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3))])
        def details(self, images):
            outputs = model(images, training=False)
            masks = outputs.pop("masks")
            shares = [tf.reduce_mean(mask, axis=(1, 2)) for mask in masks]
            return {**outputs, "executed_units": tf.stack(shares, axis=1)}

    served = Served()
    served.model = model
    tf.saved_model.save(served, tmp_path, signatures={"details": served.details})
    loaded = tf.saved_model.load(tmp_path)
    found = sact_keras.ponder_maps(loaded, IMAGES)
    expected = sact_keras.ponder_maps(model, IMAGES)
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-5, atol=1e-5)


def test_a_saved_model_without_details_is_refused(tmp_path):
    module = tf.Module()
    module.f = tf.function(lambda x: {"y": x}, input_signature=[tf.TensorSpec(())])
    tf.saved_model.save(module, tmp_path, signatures={"serve": module.f})
    with pytest.raises(ValueError, match=r"'details'.*serve"):
        sact_keras.ponder_maps(tf.saved_model.load(tmp_path), IMAGES)


def test_arguments_are_checked():
    with pytest.raises(TypeError, match="Received: function"):
        sact_keras.ponder_maps(build, IMAGES)
    for images in (IMAGES[0], IMAGES[:0], IMAGES[..., :1]):
        with pytest.raises(ValueError, match="images"):
            sact_keras.ponder_maps(build("act"), images)
    with pytest.raises(ValueError, match="batch_size=0"):
        sact_keras.ponder_maps(build("act"), IMAGES, batch_size=0)


def test_blocks_are_in_order():
    names = [f"block_{number}/flops" for number in (10, 2, 1)]
    assert block_names([*names, "flops"]) == ["block_1", "block_2", "block_10"]
