"""What every method's dictionary of outputs holds."""

import numpy as np
import pytest
from registry import CASES, assert_same_outputs, flat_outputs, make_images

import sact_keras

SIZES = [(32, 32), (33, 47), (5, 3), (1, 1)]


@pytest.fixture(scope="module", params=CASES, ids=str)
def model(request):
    return request.param.shared()


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_outputs(model, size):
    images = make_images(3, size)
    outputs = model(images)
    assert outputs["logits"].shape == (3, model.num_classes)
    assert outputs["logits"].dtype == "float32"
    assert outputs["flops"].shape == (3,)
    assert outputs["flops"].dtype == "int64"
    assert outputs["num_units_map"].shape == (3, *size)
    assert len(outputs["masks"]) == sum(model.num_units)
    masks = iter(outputs["masks"])
    grid, all_blocks = model.stem.output_size(size), 0
    for name, block in zip(model.block_names, model.blocks, strict=True):
        grid = block.output_size(grid)
        block_masks = np.stack([next(masks) for _ in block.units])
        assert block_masks.dtype == "float32"
        assert set(np.unique(block_masks)) <= {0.0, 1.0}
        assert block_masks.shape[1:] in ((3,), (3, *grid))
        np.testing.assert_array_equal(
            outputs[f"{name}/num_units"], block_masks.sum(axis=0)
        )
        assert outputs[f"{name}/flops"].dtype == "int64"
        all_blocks = all_blocks + outputs[f"{name}/flops"]
    assert ("macs" in outputs) == model.reports_macs
    if model.reports_macs:
        assert outputs["macs"].shape == (3,)
        assert outputs["macs"].dtype == "int64"
    layers = sact_keras.count_flops(model, size)["layers"]
    always = sum(v for k, v in layers.items() if not k.startswith("block_"))
    np.testing.assert_array_equal(outputs["flops"], all_blocks + always)
    assert np.isfinite(outputs["logits"]).all()


@pytest.mark.fast_with("*-(33, 47)")
@pytest.mark.parametrize("size", SIZES[:2], ids=str)
def test_nothing_depends_on_its_neighbours_in_the_batch(model, size):
    images = make_images(4, size)
    together = flat_outputs(model(images))
    for index in (0, 3):
        alone = flat_outputs(model(images[index : index + 1]))
        expected = {name: value[index : index + 1] for name, value in together.items()}
        assert_same_outputs(alone, expected)
    # Nor on what fills the batch up.
    padded = np.concatenate([images, np.full_like(images, 1e3)])
    filled = flat_outputs(model(padded))
    assert_same_outputs({name: value[:4] for name, value in filled.items()}, together)


def test_units_that_are_decided_about_get_masks_and_no_others(model):
    features = model.stem(make_images())
    for block in model.blocks:
        decision, given = block.decision, {}
        if model.policy is not None:
            given["policy"] = np.ones((4, len(block.units)), "float32")
        state = decision.start(features, **given)
        for index, unit in enumerate(block.units):
            mask, state = decision.before_unit(index, features, state)
            assert decision.decides(index) == (mask is not None)
            features = unit(features, execution_mask=mask)
            features, state = decision.after_unit(index, features, state)
        features, _ = decision.finish(features, state)
