"""What DynConv's own code computed from its own checkpoints, in evaluation mode."""

import numpy as np
import pytest
from golden_masks import CASES, assert_masks, maskers_of
from recording import recorded
from torch_golden import (
    assert_close,
    assert_unit_outputs,
    load_case,
    to_nhwc,
    units_of,
)

from sact_keras.accounting import executed_macs, executed_positions
from sact_keras.losses import (
    budget_bounds,
    budget_loss,
    budget_statistics,
    unit_cost,
)

ODD_CASE = "dynconv_imagenet_bottleneck1121_w0125"


def run(case, images="images"):
    """The case's (model, outputs, maskers' scores, units' outputs)."""
    model = case.model()
    with (
        recorded(maskers_of(model)) as scores,
        recorded(units_of(model)) as unit_outputs,
    ):
        outputs = model(to_nhwc(case.arrays[images]))
    return model, outputs, scores, unit_outputs


@pytest.fixture(scope="module", params=CASES)
def evaluation(request, shared_dir):
    case = load_case(shared_dir, request.param)
    return case, *run(case)


def test_outputs(evaluation):
    case, _, outputs, scores, unit_outputs = evaluation
    assert_close("logits", outputs["logits"], case.arrays["logits"], 1e-5)
    assert_close("float64", outputs["logits"], case.arrays["logits_f64"], 1e-5)
    assert_masks(case, "", outputs["masks"], scores)
    assert_unit_outputs(case, "", unit_outputs, 1e-5)


def test_macs(evaluation):
    case, _, outputs, _, _ = evaluation
    macs = np.array(outputs["macs"])
    np.testing.assert_array_equal(macs, case.arrays["flops/per_image"])
    assert macs.mean() == case.arrays["flops/average"]
    assert macs.sum() == case.options["flops"]["total"]


def test_macs_of_each_convolution(evaluation):
    case, model, outputs, _, _ = evaluation
    names = {"shortcut": "downsample.0", "mask_conv": "masker.maskconv.conv"}
    actual, masks = {}, iter(outputs["masks"])

    def add(name, costs, mask, size, output_size):
        for cost in costs:
            macs = np.sum(executed_macs([cost], mask, size, output_size))
            actual[name + names.get(cost.name, cost.name)] = macs

    size = model.stem.output_size(case.arrays["images"].shape[2:])
    images = np.ones(len(case.arrays["images"]), "float32")
    (stem_cost,) = model.stem.costs()
    stem_macs = executed_macs(
        [stem_cost], images, case.arrays["images"].shape[2:], size
    )
    actual["conv1"] = np.sum(stem_macs)
    for number, block in enumerate(model.blocks, start=1):
        for index, unit in enumerate(block.units):
            output_size = unit.output_size(size)
            costs = block.costs(index)
            add(f"layer{number}.{index}.", costs, next(masks), size, output_size)
            size = output_size
    expected = case.options["flops"]["per_conv_batch_total"]
    # The original counts nothing but convolutions.
    assert {name: macs for name, macs in actual.items() if macs} == expected


def test_flops_are_of_the_same_convolutions(evaluation):
    """They follow from the multiply-accumulates, where all sides are even."""
    case, model, outputs, scores, _ = evaluation
    # The original counts a bias in the maskers' convolutions, and no linear maps.
    biases = sum(np.prod(score.shape[1:]) for score in scores)
    linear = [masker.global_linear for masker in maskers_of(model)]
    linear = sum(int(np.prod(map_.kernel.shape)) for map_ in linear)
    linear += int(np.prod(model.head.logits.kernel.shape))
    macs = case.arrays["flops/per_image"]
    np.testing.assert_array_equal(outputs["flops"], 2 * (macs - biases + linear))


def test_positions_and_costs(evaluation):
    """At how many positions of the batch convolutions run, and at what cost each."""
    case, model, outputs, _, _ = evaluation
    table = case.arrays["mask_table"]
    for unit, mask, row in zip(units_of(model), outputs["masks"], table, strict=True):
        expected_cost = expected_dense = 0
        for when, (kept, total, macs) in zip(
            ("active", "dilated"), np.reshape(row, (2, 3)), strict=True
        ):
            costs = [cost for cost in unit.costs() if cost.when == when]
            assert sum(cost.reported_macs for cost in costs) == macs
            for cost in costs:
                assert np.sum(executed_positions(cost, mask)) == kept
                assert np.sum(executed_positions(cost, np.ones_like(mask))) == total
            expected_cost, expected_dense = (
                expected_cost + kept * macs,
                expected_dense + total * macs,
            )
        cost, dense_cost = unit_cost(unit, mask)
        assert (np.sum(cost), np.sum(dense_cost)) == (expected_cost, expected_dense)


def test_budget_loss(evaluation):
    case, model, outputs, _, _ = evaluation
    statistics = budget_statistics(model, outputs)
    means = {name: np.mean(value, axis=0) for name, value in statistics.items()}
    shares = means["cost"] / means["dense_cost"]
    np.testing.assert_allclose(shares, case.arrays["sparsity/layer_perc"], rtol=1e-5)
    for row in case.arrays["sparsity/values"]:
        budget, epoch, epochs, loss, upper, lower, cost, blocks, network = row
        # Not all digits of what is next to nothing: cos(pi / 2) is not zero in float32.
        bounds = budget_bounds(budget, epoch / epochs)
        np.testing.assert_allclose(bounds, (lower, upper), rtol=1e-5, atol=1e-9)
        actual = budget_loss(means, budget, epoch / epochs)
        np.testing.assert_allclose(actual, loss, rtol=1e-5)
        assert blocks + network == pytest.approx(loss, rel=1e-5)
        share = means["cost"].sum() / means["dense_cost"].sum()
        assert share == pytest.approx(cost, rel=1e-5)


def test_dense(evaluation):
    """Without gating, maskers are neither made nor counted."""
    case = evaluation[0]
    model = case.model(budget=-1, skip_decisions=True)
    outputs = model(to_nhwc(case.arrays["images"]))
    assert_close("logits", outputs["logits"], case.arrays["dense/logits"], 1e-5)
    expected = case.arrays["dense/flops_average"]
    np.testing.assert_array_equal(
        outputs["macs"], np.full(len(outputs["macs"]), expected)
    )


def test_num_units_map(evaluation):
    """The original's map, at the first mask's resolution, is of the first image."""
    case, _, outputs, _, _ = evaluation
    expected = case.arrays["ponder_cost_map_img0"]
    step = len(outputs["num_units_map"][0]) // len(expected)
    pixels = np.kron(expected, np.ones((step, step)))
    np.testing.assert_array_equal(outputs["num_units_map"][0], pixels)


def test_a_second_call_returns_the_same(evaluation):
    """The original adds its map into the first mask, and then returns another."""
    case, model, outputs, _, _ = evaluation
    first = case.arrays["ponder_cost_map_img0"]
    assert (case.arrays["ponder_cost_map_img0_second_call"] != first).any()
    again = model(to_nhwc(case.arrays["images"]))
    np.testing.assert_array_equal(again["num_units_map"], outputs["num_units_map"])
    for mask, expected in zip(again["masks"], outputs["masks"], strict=True):
        np.testing.assert_array_equal(mask, expected)


def test_odd_size(shared_dir):
    """112 pixels a side: the last masks are 7 and 4 positions wide."""
    case = load_case(shared_dir, ODD_CASE)
    model, outputs, scores, _ = run(case, "odd/images")
    assert_close("logits", outputs["logits"], case.arrays["odd/logits"], 1e-5)
    assert_masks(case, "odd/", outputs["masks"], scores)
    assert np.mean(outputs["macs"]) == case.arrays["odd/flops_average"]
    for unit, mask, row in zip(
        units_of(model), outputs["masks"], case.arrays["odd/mask_table"], strict=True
    ):
        _, _, macs, _, _, dilated_macs = row
        cost, dense_cost = unit_cost(unit, mask)
        assert np.sum(cost) == row[0] * macs + row[3] * dilated_macs
        assert np.sum(dense_cost) == row[1] * macs + row[4] * dilated_macs
