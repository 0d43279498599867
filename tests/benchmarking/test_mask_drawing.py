"""Masks of a given rate: shares, order, shape, and that they repeat."""

import itertools
import math

import numpy as np
import pytest

import sact_keras
from sact_keras.benchmarking import forced_masks
from sact_keras.benchmarking.mask_drawing import _apportion, _units_by_rank
from sact_keras.models.decided_units import decided_units

RATES = (0.0, 0.01, 0.1, 0.25, 1 / 3, 0.5, 0.6, 0.75, 0.9, 1.0)
METHODS = ("act", "sact", "aig", "dynconv", "blockdrop")
SIZE = (32, 40)


@pytest.fixture(scope="module")
def models():
    return {
        name: sact_keras.build_model(name, model="3_5_2", base_channels=4)
        for name in METHODS
    }


def decided(model, masks):
    """The masks that stand for decisions."""
    return list(itertools.compress(masks, decided_units(model)))


def active_neighbours(masks):
    """Mean share of the eight positions around an active one that are active, too."""
    padded = np.pad(masks, ((0, 0), (1, 1), (1, 1)))
    count, (height, width) = -masks, masks.shape[1:]
    for down, right in itertools.product(range(3), repeat=2):
        count = count + padded[:, down : down + height, right : right + width]
    return float((count * masks).sum() / (8 * masks.sum()))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("batch_size", [1, 2, 7, 32])
@pytest.mark.parametrize("name", METHODS)
def test_the_share_is_as_exact_as_whole_elements_allow(models, name, batch_size, rate):
    masks = forced_masks(models[name], batch_size, SIZE, rate)
    values = np.concatenate([m.ravel() for m in decided(models[name], masks)])
    assert set(values) <= {0.0, 1.0}
    assert abs(values.sum() - rate * values.size) <= 0.5


@pytest.mark.parametrize("name", METHODS)
def test_masks_are_taken_by_the_network_as_they_are(models, name):
    """Their shapes are right, and halting need not change them."""
    masks = forced_masks(models[name], 2, SIZE, 0.5)
    images = np.zeros((2, *SIZE, 3), np.float32)
    executed = models[name](images, training=False, masks=masks)["masks"]
    assert all(mask.dtype == np.float32 for mask in masks)
    for mask, expected in zip(executed, masks, strict=True):
        np.testing.assert_array_equal(mask, expected)


@pytest.mark.parametrize("name", METHODS)
def test_masks_are_a_function_of_the_seed(models, name):
    one, again, other = (forced_masks(models[name], 8, SIZE, 0.5, s) for s in (1, 1, 2))
    assert all(map(np.array_equal, one, again))
    assert not all(map(np.array_equal, one, other))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("batch_size", [1, 5])
@pytest.mark.parametrize("name", ["act", "sact"])
def test_halting_is_nested_within_a_block(models, name, batch_size, rate):
    masks = iter(forced_masks(models[name], batch_size, SIZE, rate))
    for number in models[name].num_units:
        of_block = list(itertools.islice(masks, number))
        assert (of_block[0] == 1).all()
        for before, after in itertools.pairwise(of_block):
            assert (after <= before).all()


@pytest.mark.fast_with("sact-0.5-*", "act-0.25-*")
@pytest.mark.parametrize(
    ("rate", "shares"),
    [
        (0.5, [1.0, 0.75, 0.5, 0.25, 0.0]),
        (0.25, [0.5, 0.375, 0.25, 0.125, 0.0]),
        (0.75, [1.0, 0.875, 0.75, 0.625, 0.5]),
        (1.0, [1.0] * 5),
    ],
)
@pytest.mark.parametrize("name", ["act", "sact"])
def test_shares_of_halting_fall_linearly(name, rate, shares):
    model = sact_keras.build_model(name, model="6", base_channels=4)
    masks = forced_masks(model, 64, SIZE, rate)
    for start in (0, 6, 12):
        found = [mask.mean() for mask in masks[start + 1 : start + 6]]
        np.testing.assert_allclose(found, shares, atol=1 / 64)


def test_one_image_halts_after_its_share_of_the_units():
    model = sact_keras.build_model("act", model="9", base_channels=4)
    for rate, units in ((0.25, 2), (0.5, 4), (0.75, 6)):
        masks = np.concatenate(forced_masks(model, 1, SIZE, rate)).reshape(3, 9)
        np.testing.assert_array_equal(masks.sum(axis=1), [units + 1] * 3)


def test_images_halt_in_another_order_in_each_block():
    model = sact_keras.build_model("act", model="5", base_channels=4)
    masks = np.stack(forced_masks(model, 64, SIZE, 0.5))
    units = masks.reshape(3, 5, 64).sum(axis=1)
    assert not np.array_equal(units[0], units[1])
    assert not np.array_equal(units[1], units[2])


@pytest.mark.parametrize("name", ["aig", "blockdrop"])
def test_gates_of_units_are_independent(name):
    model = sact_keras.build_model(name, model="18", base_channels=4)
    masks = np.stack(forced_masks(model, 128, SIZE, 0.5))
    np.testing.assert_array_equal(masks.sum(axis=1), [64] * 54)
    correlations = np.corrcoef(masks)[np.triu_indices(54, 1)]
    assert abs(correlations.mean()) < 0.01
    assert np.abs(correlations).max() < 0.5


def test_one_image_runs_its_share_of_the_units():
    model = sact_keras.build_model("aig", model="18", base_channels=4)
    for rate, units in ((0.3, 16), (0.6, 32)):
        masks = np.concatenate(forced_masks(model, 1, SIZE, rate))
        assert masks.sum() == units
        by_block = masks.reshape(3, 18).sum(axis=1)
        assert by_block.max() - by_block.min() <= 1


def test_units_that_are_not_decided_about_run():
    model = sact_keras.build_model(
        "aig", model="2", base_channels=4, target_rates="1,t,1,t,t,t"
    )
    masks = forced_masks(model, 4, SIZE, 0.0)
    assert [mask.mean() for mask in masks] == [1, 0, 1, 0, 0, 0]


@pytest.mark.parametrize("rate", [0.1, 0.25, 0.5])
@pytest.mark.parametrize("name", ["sact", "dynconv"])
def test_positions_are_in_blobs(name, rate):
    model = sact_keras.build_model(
        name, dataset="imagenet", model="4_1_1_1", base_channels=4
    )
    _, mask, other = decided(model, forced_masks(model, 4, (224, 224), rate))[:3]
    assert mask.shape == (4, 56, 56)
    assert mask.mean() == pytest.approx(rate, abs=1e-3)
    # Of salt and pepper it would be the share itself.
    assert active_neighbours(mask) > 0.85
    assert active_neighbours(np.random.default_rng(0).permuted(mask)) < rate + 0.05
    assert not np.array_equal(mask[0], mask[1])
    assert not np.array_equal(mask, other)


def test_each_image_has_the_rate_of_its_own(models):
    for mask in forced_masks(models["dynconv"], 8, SIZE, 0.3):
        counts = mask.sum(axis=(1, 2))
        assert counts.max() - counts.min() <= 1
        assert abs(counts.mean() - 0.3 * math.prod(mask.shape[1:])) < 1


def test_units_by_rank_sum_up():
    for number, size, rate in itertools.product((1, 2, 17), (1, 2, 9, 50), RATES):
        exact = rate * number * size
        for total in {math.floor(exact + 1e-9), math.ceil(exact - 1e-9)}:
            units = _units_by_rank(number, size, rate, total)
            assert units.sum() == total
            assert units.min() >= 0
            assert units.max() <= number


def test_what_is_apportioned_adds_up():
    for rate, sizes in itertools.product(RATES, ([1] * 30, [3, 7, 5], [0, 4, 0])):
        parts = _apportion(rate, sizes)
        np.testing.assert_allclose(np.cumsum(parts), rate * np.cumsum(sizes), atol=0.51)
        assert (np.abs(parts - rate * np.array(sizes)) < 1).all()


@pytest.mark.parametrize("rate", [-0.1, 1.1, math.nan])
def test_a_rate_out_of_range(models, rate):
    with pytest.raises(ValueError, match=r"rate must be in \[0, 1\]. Received: rate="):
        forced_masks(models["aig"], 1, SIZE, rate)


@pytest.mark.parametrize(
    ("name", "arguments"), [("vanilla", {}), ("dynconv", {"budget": -1})]
)
def test_a_network_that_decides_about_nothing(name, arguments):
    model = sact_keras.build_model(name, model="1", base_channels=4, **arguments)
    with pytest.raises(ValueError, match=r"^model must .*, which decides about none"):
        forced_masks(model, 1, SIZE, 0.5)
