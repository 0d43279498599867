"""Compact networks compute what the model does, under all masks."""

import numpy as np
import pytest
from compact_checks import RATES, assert_equal_outputs, draw_masks
from small_networks import (
    SIZES,
    assert_network_equals_model,
    build,
    draw_images,
    run_eagerly,
)

from sact_keras.compact import masked_block, position_halting
from sact_keras.compact.network import CompactNetwork
from sact_keras.models import METHODS
from sact_keras.models.families import FAMILIES

OWN = [(m, f, METHODS[m].variant) for m in METHODS for f in ("cifar", "imagenet")]
"""(method, family, variant): each method on the ResNets that it was made for."""

BASIC = [(m, "imagenet_basic", "dynconv") for m in METHODS]

ALL = [(m, f, v) for m in METHODS for f, v in FAMILIES]


SPATIAL = ("sact", "dynconv")

FEW = [case for case in (*OWN, BASIC[-2]) if case[1] == "cifar" or case[0] in SPATIAL]


def parameters(fast=FEW, every=(*ALL, *BASIC)):
    return [
        pytest.param(case, id="-".join(case), marks=[pytest.mark.slow][case in fast :])
        for case in every
    ]


@pytest.fixture(scope="module", params=parameters())
def network(request):
    """(model, compact network, size of the images)."""
    model_type, family, variant = request.param
    model = build(model_type, family, variant=variant)
    return model, CompactNetwork(model), SIZES[family]


def test_its_own_decisions(network):
    model, compact, size = network
    for batch in (1, 2, 7):
        images = draw_images(batch, size, seed=batch)
        assert_network_equals_model(model, images, network=compact)


@pytest.mark.fast_with("*-0.5")
@pytest.mark.parametrize(
    "rate",
    [
        pytest.param(rate, marks=[pytest.mark.slow] * (rate in (0.01, 0.9)))
        for rate in RATES
    ],
)
def test_masks_of_a_rate(network, rate):
    model, compact, size = network
    images, masks = draw_images(3, size), draw_masks(model, 3, size, rate)
    outputs = assert_network_equals_model(model, images, masks, network=compact)
    for actual, given in zip(outputs["masks"], masks, strict=True):
        np.testing.assert_array_equal(actual, given)
    # An image by itself goes another way.
    alone = [mask[:1] for mask in masks]
    assert_network_equals_model(model, images[:1], alone, network=compact)


@pytest.mark.fast_with("dynconv-imagenet-*", "sact-cifar-*", "blockdrop-*")
def test_blocks_in_which_nothing_or_everything_runs(network):
    model, compact, size = network
    units = np.cumsum(model.num_units)
    images = draw_images(2, size)
    for nothing in range(len(units)):
        rates = np.full(units[-1], 0.5)
        rates[units[nothing] - model.num_units[nothing] : units[nothing]] = 0.0
        everything = (nothing + 1) % len(units)
        start = units[everything] - model.num_units[everything]
        rates[start : units[everything]] = 1.0
        masks = draw_masks(model, 2, size, rates)
        assert_network_equals_model(model, images, masks, network=compact)


@pytest.mark.fast_with("dynconv-imagenet-*-0.0", "sact-cifar-*-1.0")
@pytest.mark.parametrize("share", [0.0, 1.0])
@pytest.mark.parametrize(
    "case", parameters(every=[c for c in (*ALL, *BASIC) if c[0] in SPATIAL])
)
def test_dense_and_sparse_execution(case, share, monkeypatch):
    """Whichever way is chosen for a unit."""
    for module in (masked_block, position_halting):
        monkeypatch.setattr(module, "dense_share", lambda unit: share)
    model_type, family, variant = case
    model, size = build(model_type, family, variant=variant), SIZES[family]
    compact, images = CompactNetwork(model), draw_images(2, size)
    assert_network_equals_model(model, images, network=compact)
    for rate in (0.0, 0.1, 0.9, 1.0):
        masks = draw_masks(model, 2, size, rate)
        assert_network_equals_model(model, images, masks, network=compact)


@pytest.mark.parametrize("model_type", METHODS)
def test_units_one_a_block(model_type):
    model = build(model_type, model="1")
    compact, images = CompactNetwork(model), draw_images(128, (9, 11))
    assert_network_equals_model(model, images, network=compact)
    masks = draw_masks(model, 128, (9, 11), 0.5)
    assert_network_equals_model(model, images, masks, network=compact)


@pytest.mark.fast_with("*-(2, 3)")
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (17, 4)], ids=str)
def test_sizes(network, size):
    model, compact, _ = network
    masks = draw_masks(model, 2, size, 0.5)
    images = draw_images(2, size)
    assert_network_equals_model(model, images, masks, network=compact)


@pytest.mark.fast_with(
    "sact,*", "aig,deterministic*", "blockdrop,curriculum", "dynconv,-1"
)
@pytest.mark.parametrize(
    "arguments",
    [
        {"model_type": "aig", "gate_eval": "deterministic", "gate_all_units": True},
        {"model_type": "aig", "gate_eval": "expected"},
        {"model_type": "aig", "target_rate": 1.0},
        {
            "model_type": "aig",
            "target_rates": "1,t,0.5,t,1,1,1",
            "gate_eval": "expected",
        },
        {"model_type": "aig", "target_rate": 1.0, "gate_all_units": True},
        {"model_type": "dynconv", "budget": -1},
        {"model_type": "blockdrop", "stage": "pretrain"},
        {"model_type": "blockdrop", "stage": "curriculum"},
        {"model_type": "act", "eps": 0.4},
        {"model_type": "sact", "eps": 0.4},
    ],
    ids=lambda arguments: ",".join(map(str, arguments.values())),
)
def test_arguments_of_methods(arguments):
    model, size = build(**arguments), SIZES["cifar"]
    compact, images = CompactNetwork(model), draw_images(4, size)
    assert_network_equals_model(model, images, network=compact)
    assert_network_equals_model(model, images[:1], network=compact)
    # Units without a gate run under masks that are handed over, too.
    masks = draw_masks(model, 4, size, 0.5)
    outputs = assert_network_equals_model(model, images, masks, network=compact)
    for actual, given in zip(outputs["masks"], masks, strict=True):
        np.testing.assert_array_equal(actual, given)


@pytest.mark.parametrize("free_units", [0, 3, 7])
def test_units_that_a_policy_is_not_free_to_drop(free_units):
    model, size = build("blockdrop"), SIZES["cifar"]
    model.policy.free_units.assign(free_units)
    outputs = assert_network_equals_model(model, draw_images(16, size))
    fixed = np.stack(outputs["masks"])[: 7 - free_units]
    np.testing.assert_array_equal(fixed, np.ones_like(fixed))


def test_sampled_gates_report_what_the_model_does():
    model = build("aig", gate_eval="sample")
    images = draw_images(64, SIZES["cifar"])
    expected = model(images)
    actual = run_eagerly(CompactNetwork(model), images)
    # Only ahead of the first gate nothing depends on what was drawn.
    for name in ("logits", "block_1/gate_probability"):
        assert actual[name].shape == expected[name].shape
        assert np.isfinite(actual[name]).all()
    np.testing.assert_allclose(
        actual["block_1/gate_probability"][:, 0],
        expected["block_1/gate_probability"][:, 0],
        rtol=1e-4,
    )
    for mask, probability in zip(
        actual["masks"][:2],
        np.transpose(actual["block_1/gate_probability"]),
        strict=True,
    ):
        assert set(np.unique(mask)) <= {0.0, 1.0}
        assert abs(np.mean(mask) - np.mean(probability)) < 0.25
    again = run_eagerly(CompactNetwork(model), images)
    drawn = np.stack(actual["masks"]), np.stack(again["masks"])
    assert not np.array_equal(*drawn)


def test_it_is_a_copy():
    """Weights that change afterwards are none of its business."""
    model, images = build("sact"), draw_images(2, SIZES["cifar"])
    compact, expected = CompactNetwork(model), model(images)
    before = run_eagerly(compact, images)
    for variable in model.trainable_variables:
        variable.assign(2.0 * variable)
    assert_equal_outputs(run_eagerly(compact, images), before, tolerance=0.0)
    assert np.abs(model(images)["logits"] - expected["logits"]).max() > 1e-3
