"""What callers hand over: masks in place of what a network decides."""

import numpy as np
import pytest
from compact_checks import draw_masks
from keras import ops

import sact_keras
from sact_keras.models.presets import MODEL_TYPES

SIZE = (11, 14)


def small_model(model_type):
    return sact_keras.build_model(model_type, model="1_2_2", base_channels=4)


@pytest.fixture
def images():
    return np.random.default_rng(0).normal(size=(3, *SIZE, 3)).astype("float32")


@pytest.mark.fast_with("*-0.5")
@pytest.mark.parametrize("rate", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_units_run_under_the_masks(model_type, rate, images):
    model = small_model(model_type)
    masks = draw_masks(model, 3, SIZE, rate, seed=1)
    outputs = model(images, masks=masks)
    for actual, given in zip(outputs["masks"], masks, strict=True):
        np.testing.assert_array_equal(actual, given)
    for name, first, last in (("block_1", 0, 1), ("block_2", 1, 3), ("block_3", 3, 5)):
        units = np.sum(masks[first:last], axis=0)
        np.testing.assert_array_equal(outputs[f"{name}/num_units"], units)
    if model_type not in ("act", "sact"):
        features = model.stem(images)
        given = iter(masks)
        for block in model.blocks:
            for unit in block.units:
                features = unit(features, execution_mask=next(given))
        np.testing.assert_allclose(
            outputs["logits"], model.head(features), rtol=1e-5, atol=1e-6
        )


@pytest.mark.parametrize("model_type", ["act", "sact"])
def test_halting_follows_the_masks(model_type, images):
    """Scores are 1 where the next mask ends: only the last state of each counts."""
    model = small_model(model_type)
    masks = draw_masks(model, 3, SIZE, 0.5, seed=1)
    # First units run, whatever is said of them.
    given = [np.zeros_like(m) if i in (0, 1, 3) else m for i, m in enumerate(masks)]
    outputs = model(images, masks=given)
    for actual, expected in zip(outputs["masks"], masks, strict=True):
        np.testing.assert_array_equal(actual, expected)
    for name, last in (("block_2", masks[2]), ("block_3", masks[4])):
        shares = np.stack([1.0 - last, last], axis=-1)
        np.testing.assert_array_equal(outputs[f"{name}/halting_distribution"], shares)


@pytest.mark.parametrize("model_type", ["aig", "blockdrop"])
def test_what_was_decided_is_reported_all_the_same(model_type, images):
    model = small_model(model_type)
    name = {"aig": "block_1/gate_probability", "blockdrop": "policy_probability"}
    masks = [np.zeros(3, "float32")] * 5
    outputs = model(images, masks=masks)
    np.testing.assert_allclose(
        outputs[name[model_type]], model(images)[name[model_type]], rtol=1e-5
    )


def test_masks_of_another_number_of_units_are_refused(images):
    with pytest.raises(ValueError, match=r"masks must be 5 tensors.*Received: 4"):
        small_model("aig")(images, masks=[np.ones(3)] * 4)
    with pytest.raises(ValueError, match=r"noise must be 5 tensors.*Received: 1"):
        small_model("aig")(images, noise=[np.ones(3)])


@pytest.mark.parametrize(
    ("model_type", "policy", "message"),
    [
        ("aig", ops.ones((3, 5)), r"policy must be given to .*Received: a policy for"),
        ("blockdrop", ops.ones((3, 4)), r"\[N, 5\].*Received: a policy of \(3, 4\)"),
        ("blockdrop", ops.ones(5), r"\[N, 5\].*Received: a policy of \(5,\)"),
    ],
)
def test_policies_of_another_network_are_refused(model_type, policy, message, images):
    with pytest.raises(ValueError, match=message):
        small_model(model_type)(images, policy=policy)
