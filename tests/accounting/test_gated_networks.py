"""The account of post-activation networks, against a count position by position."""

import gated_brute_force
import keras
import numpy as np
import pytest
from keras import ops

import sact_keras
from sact_keras.accounting import account

CIFAR = {"model": "1_3_2"}
BASIC = {"dataset": "imagenet", "model": "basic_1_2_1_2"}
BOTTLENECK = {"dataset": "imagenet", "model": "1_2_1_2"}

# (method, arguments): every family and unit that a gated network may have.
NETWORKS = {
    "aig": ("aig", {**CIFAR, "target_rates": "t,t,1,t,t,0.3"}),
    "aig_imagenet": ("aig", {**BOTTLENECK, "target_rates": "1,t,t,1,t,t"}),
    "aig_all_gated": ("aig", {**CIFAR, "target_rate": 1, "gate_all_units": True}),
    "dynconv": ("dynconv", CIFAR),
    "dynconv_basic": ("dynconv", BASIC),
    "dynconv_bottleneck": ("dynconv", BOTTLENECK),
    "dynconv_without_masks": ("dynconv", {**CIFAR, "budget": -1}),
    "blockdrop": ("blockdrop", CIFAR),
    "blockdrop_imagenet": ("blockdrop", BOTTLENECK),
    "blockdrop_without_a_policy": ("blockdrop", {**CIFAR, "stage": "pretrain"}),
    "vanilla_basic": ("vanilla", {**BASIC, "variant": "dynconv"}),
    "vanilla_bottleneck": ("vanilla", {**BOTTLENECK, "variant": "dynconv"}),
}

# Method -> for what it decides, see `gated_brute_force.Network`.
DECIDES = {"aig": "images", "dynconv": "positions", "blockdrop": "policy"}

# Even at every stride; and odd ones, of which some remain so.
SIZES = [(32, 32), (33, 47)]


@pytest.fixture(scope="module", params=NETWORKS)
def case(request):
    """A network, and its description for the count."""
    keras.utils.set_random_seed(0)  # Its seed generators draw from it.
    model_type, arguments = NETWORKS[request.param]
    network = sact_keras.build_model(
        model_type, base_channels=2, num_classes=7, **arguments
    )
    decisions = [block.decision for block in network.blocks]
    gated = [True] * sum(network.num_units)
    if model_type == "aig":
        gated = [gate is not None for d in decisions for gate in d.gates]
    decides = DECIDES.get(model_type)
    if arguments.get("budget") == -1 or arguments.get("stage") == "pretrain":
        decides = None
    described = gated_brute_force.Network(
        imagenet=arguments.get("dataset") == "imagenet",
        bottleneck=network.unit == "bottleneck",
        num_units=network.num_units,
        base_channels=2,
        num_classes=7,
        decides=decides,
        gated=gated,
        projects=model_type != "blockdrop" or network.family == "imagenet",
    )
    return network, described


def draw_masks(described, size, number=5):
    """Block name -> masks; the third image runs everything, the fourth nothing."""
    rng = np.random.default_rng(0)
    grid, gated = size, iter(described.gated)
    for _ in range(2 if described.imagenet else 0):
        grid = tuple(gated_brute_force.halved(side) for side in grid)
    masks = {}
    for index, units in enumerate(described.num_units):
        if index > 0:
            grid = tuple(gated_brute_force.halved(side) for side in grid)
        shape = (number, *grid) if described.decides == "positions" else (number,)
        masks[f"block_{index + 1}"] = block = []
        for _ in range(units):
            density = rng.uniform(0.1, 0.6)
            mask = (rng.uniform(size=shape) < density).astype("float32")
            mask[2], mask[3] = 1, 0
            if not (next(gated) and described.decides):
                mask = np.ones(shape, "float32")
            block.append(mask)
    return masks


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_account_of_given_masks_equals_brute_force(case, size):
    network, described = case
    masks = draw_masks(described, size)
    outputs = account(network, size, masks, {})
    for image in range(5):
        total, blocks, macs = gated_brute_force.count(
            described,
            size,
            [mask[image] != 0 for block in masks.values() for mask in block],
        )
        assert int(outputs["flops"][image]) == total
        for block_name, flops in zip(network.block_names, blocks, strict=True):
            assert int(outputs[f"{block_name}/flops"][image]) == flops
        if network.reports_macs:
            assert int(outputs["macs"][image]) == macs
    assert ("macs" in outputs) == (network.variant == "dynconv")
    everything = sact_keras.count_flops(network, size)
    assert int(outputs["flops"][2]) == everything["total"]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(
    "case",
    ["aig", "aig_imagenet", "dynconv_bottleneck", "blockdrop", "blockdrop_imagenet"],
    indirect=True,
)
def test_a_forward_pass_is_accounted_for_by_its_masks(case, size):
    """In training, where noise alone lets images differ."""
    network, described = case
    images = np.random.default_rng(0).normal(size=(8, *size, 3)).astype("float32")
    outputs = network(images, training=True)
    masks = [ops.convert_to_numpy(mask) for mask in outputs["masks"]]
    assert len(np.unique(outputs["flops"])) > 1, "the case must vary"
    for image in range(8):
        total, _, macs = gated_brute_force.count(
            described, size, [mask[image] != 0 for mask in masks]
        )
        assert int(outputs["flops"][image]) == total
        if network.reports_macs:
            assert int(outputs["macs"][image]) == macs


def test_the_expected_gate_pays_for_every_unit():
    network = sact_keras.build_model(
        "aig", model="1", base_channels=2, gate_eval="expected"
    )
    images = np.random.default_rng(0).normal(size=(3, 8, 8, 3)).astype("float32")
    total = sact_keras.count_flops(network, (8, 8))["total"]
    np.testing.assert_array_equal(network(images)["flops"], total)


def test_layers_of_a_gated_network_are_named():
    network = sact_keras.build_model("aig", model="1", base_channels=2)
    layers = sact_keras.count_flops(network, (8, 8))["layers"]
    names = [name for name in layers if name.startswith("block_2/unit_1/")]
    assert [name.split("/")[-1] for name in names] == [
        "conv1",
        "conv2",
        "shortcut",
        "gate_hidden",
        "gate_logits",
    ]
    assert layers["block_2/unit_1/gate_hidden"] == 2 * 2 * 16
