import brute_force
import numpy as np
import pytest
from keras import ops

import sact_keras
from sact_keras.accounting import (
    account,
    block_flops,
    count_units,
    executed_flops,
    executed_macs,
)


@pytest.mark.parametrize("model_type", ["vanilla", "act", "sact"])
@pytest.mark.parametrize("size", [(16, 16), (9, 14)])
def test_account_of_given_masks_equals_brute_force(model_type, size):
    """The masks need not be ones that the network would choose."""
    num_units, base_channels, num_classes = (1, 3, 2), 3, 7
    network = sact_keras.build_model(
        model_type,
        model="1_3_2",
        base_channels=base_channels,
        num_classes=num_classes,
    )
    rng = np.random.default_rng(0)
    grid, masks, costs = size, {}, {}
    for index, (name, units) in enumerate(
        zip(network.block_names, num_units, strict=True)
    ):
        if index > 0:
            grid = tuple(-(-side // 2) for side in grid)
        shape = (4, *grid) if model_type == "sact" else (4,)
        masks[name] = [
            rng.integers(0, 2, shape).astype("float32") for _ in range(units)
        ]
        for mask in masks[name]:
            mask[2], mask[3] = 1, 0
        costs[name] = rng.uniform(1, 9, shape).astype("float32")
    outputs = account(network, size, masks, costs)
    in_order = [mask for block in masks.values() for mask in block]
    for image in range(4):
        total, blocks = brute_force.cifar_flops(
            model_type,
            num_units,
            base_channels,
            num_classes,
            size,
            [mask[image] != 0 for mask in in_order],
        )
        assert int(outputs["flops"][image]) == total
        for name, flops in zip(network.block_names, blocks, strict=True):
            assert int(outputs[f"{name}/flops"][image]) == flops
    for name in network.block_names:
        expected = np.sum(masks[name], axis=0)
        np.testing.assert_array_equal(outputs[f"{name}/num_units"], expected)
    assert outputs["num_units_map"].shape == (4, *size)
    assert outputs["num_units_map"].dtype == "int32"
    assert outputs["ponder_cost_map"].dtype == "float32"
    # The image that ran everything, and the one that ran nothing.
    np.testing.assert_array_equal(outputs["num_units_map"][2], sum(num_units))
    np.testing.assert_array_equal(outputs["num_units_map"][3], 0)


def test_maps_are_those_of_ponder_costs_where_there_are_any():
    network = sact_keras.build_model("vanilla", model="1", base_channels=2)
    masks = {name: [np.ones(2, "float32")] for name in network.block_names}
    assert "ponder_cost_map" not in account(network, (8, 8), masks, {})


def test_count_units():
    masks = [np.ones((2, 3), "float32"), np.eye(2, 3, dtype="float32")]
    units = count_units([ops.array(mask) for mask in masks])
    assert units.dtype == "int32"
    np.testing.assert_array_equal(units, [[2, 1, 1], [1, 2, 1]])


def test_block_flops_follow_the_resolution():
    network = sact_keras.build_model("vanilla", model="2", base_channels=2)
    block = network.blocks[1]
    flops = block_flops(block, [ops.array([1.0, 1.0]), ops.array([1.0, 0.0])], (9, 6))
    first = 2 * 9 * (2 * 4 + 4 * 4) * 5 * 3
    second = 2 * 9 * (4 * 4 + 4 * 4) * 5 * 3
    np.testing.assert_array_equal(flops, [first + second, first])


@pytest.mark.parametrize("count", [executed_flops, executed_macs])
@pytest.mark.parametrize(
    ("model_type", "arguments"),
    [
        ("aig", {"target_rates": "1,1,1,1,t,t,1,t,t,1,1,1", "target_rate": 0.5}),
        ("dynconv", {}),
        ("sact", {"dataset": "imagenet", "model": "2_4_2_2"}),
    ],
    ids=["gates_of_some_units", "masks", "halting"],
)
def test_units_that_are_counted_at_once_are_counted_one_by_one(
    model_type, arguments, count
):
    """Of the block some cost alike; not the first, which reduces the resolution."""
    network = sact_keras.build_model(
        model_type, **{"model": "4", "base_channels": 4, **arguments}
    )
    block, size = network.blocks[1], (9, 6)
    kinds = {(tuple(block.costs(i)), u.strides) for i, u in enumerate(block.units)}
    assert 1 < len(kinds) < len(block.units)
    rng, masks, expected, input_size = np.random.default_rng(0), [], 0, size
    for index, unit in enumerate(block.units):
        output_size = unit.output_size(input_size)
        shape = (5, *output_size) if block.decision.spatial else (5,)
        mask = ops.convert_to_tensor(rng.integers(0, 2, shape), "float32")
        counts = count(block.costs(index), mask, input_size, output_size)
        expected = expected + ops.convert_to_numpy(counts)
        masks.append(mask)
        input_size = output_size
    actual = block_flops(block, masks, size, count)
    assert len(set(expected)) > 1
    np.testing.assert_array_equal(actual, expected)
    np.testing.assert_array_equal(
        block_flops(block, [mask[:1] for mask in masks], size, count), expected[:1]
    )
