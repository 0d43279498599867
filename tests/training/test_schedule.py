import itertools
import math

import numpy as np
import pytest

from sact_keras.training.recipes import RECIPES, find_recipe
from sact_keras.training.schedule import learning_rate_schedule

CIFAR, IMAGENET = RECIPES["cifar10"], RECIPES["imagenet"]


def test_the_originals_schedule():
    schedule = learning_rate_schedule(CIFAR, 0.1, 100_000, 50_000 / 128)
    steps = [0, 60_000, 60_001, 75_000, 75_001, 90_000, 90_001, 99_999]
    rates = [float(schedule(step)) for step in steps]
    np.testing.assert_allclose(
        rates, [0.1, 0.1, 0.01, 0.01, 0.001, 0.001, 0.0001, 0.0001], rtol=1e-6
    )


def test_the_originals_schedule_on_imagenet():
    """A drop every 30 epochs, of 40,036 steps and a fraction."""
    schedule = learning_rate_schedule(IMAGENET, 0.05, 3_603_283, 1_281_167 / 32)
    first = 1_201_094
    steps = [0, first - 1, first, 2 * first - 1, 2 * first, 3 * first - 1]
    rates = [float(schedule(step)) for step in steps]
    np.testing.assert_allclose(
        rates, [0.05, 0.05, 0.005, 0.005, 0.0005, 0.0005], rtol=1e-6
    )


def test_epochs_shorter_than_a_step():
    schedule = learning_rate_schedule(IMAGENET, 0.05, 10, 0.01)
    assert float(schedule(1)) == pytest.approx(0.005)


@pytest.mark.parametrize("num_steps", [1, 2, 7, 400])
def test_never_rises(num_steps):
    schedule = learning_rate_schedule(CIFAR, 0.2, num_steps, 1.0)
    rates = [float(schedule(step)) for step in range(num_steps + 1)]
    assert rates[0] == pytest.approx(0.2)
    assert all(later <= earlier for earlier, later in itertools.pairwise(rates))


def test_no_steps():
    with pytest.raises(ValueError, match="num_steps=0"):
        learning_rate_schedule(CIFAR, 0.1, 0, 1.0)


def test_the_schedule_of_gated_networks():
    """Tenfold drops with epochs 150 and 250, counted from 0, as in PyTorch."""
    recipe = find_recipe("cifar10", "aig")
    steps_per_epoch = 50_000 / 256
    schedule = learning_rate_schedule(
        recipe, 0.1, recipe.max_number_of_steps, steps_per_epoch
    )
    first, second = (math.ceil(epoch * steps_per_epoch) for epoch in (150, 250))
    steps = [0, first - 1, first, second - 1, second, recipe.max_number_of_steps - 1]
    np.testing.assert_allclose(
        [float(schedule(step)) for step in steps],
        [0.1, 0.1, 0.01, 0.01, 0.001, 0.001],
        rtol=1e-6,
    )


def test_the_drops_of_gated_networks_scale_with_the_training():
    recipe = find_recipe("cifar10", "dynconv")
    schedule = learning_rate_schedule(recipe, 0.1, 700, 195.3)
    rates = [float(schedule(step)) for step in (299, 300, 499, 500)]
    np.testing.assert_allclose(rates, [0.1, 0.01, 0.01, 0.001], rtol=1e-6)


@pytest.mark.parametrize("recipe", [CIFAR, IMAGENET, find_recipe("cifar10", "aig")])
def test_epochs_that_are_asked_for(recipe):
    schedule = learning_rate_schedule(recipe, 1.0, 50, 2.5, (1, 2, 10))
    rates = [float(schedule(step)) for step in (0, 2, 3, 4, 5, 24, 25, 49)]
    expected = [1, 1, 0.1, 0.1, 0.01, 0.01, 0.001, 0.001]
    np.testing.assert_allclose(rates, expected, rtol=1e-6)


@pytest.mark.parametrize("num_steps", [1, 2, 3])
def test_the_first_step_has_the_initial_rate(num_steps):
    recipe = find_recipe("cifar10", "aig")
    assert float(learning_rate_schedule(recipe, 0.1, num_steps, 0.01)(0)) == (
        pytest.approx(0.1)
    )
    schedule = learning_rate_schedule(recipe, 0.1, num_steps, 0.01, (1, 5))
    assert float(schedule(0)) == pytest.approx(0.1)


def test_the_schedule_of_blockdrops_first_stage():
    """Tenfold drops with epochs 82 and 123 of 164 (He et al. 2016)."""
    recipe = find_recipe("cifar10", "blockdrop", "pretrain")
    num_steps = recipe.max_number_of_steps
    schedule = learning_rate_schedule(recipe, 0.1, num_steps, 50_000 / 128)
    rates = [
        float(schedule(round(epoch * 50_000 / 128) + shift))
        for epoch in (82, 123)
        for shift in (-2, 2)
    ]
    np.testing.assert_allclose(rates, [0.1, 0.01, 0.01, 0.001], rtol=1e-6)
    assert float(schedule(num_steps - 1)) == pytest.approx(0.001)


@pytest.mark.parametrize("dataset", ["cifar10", "imagenet", "shapes"])
@pytest.mark.parametrize("stage", ["curriculum", "finetune"])
def test_policies_learn_at_a_constant_rate(dataset, stage):
    recipe = find_recipe(dataset, "blockdrop", stage)
    assert learning_rate_schedule(recipe, 0.003, 99, 3.0) == 0.003
    schedule = learning_rate_schedule(recipe, 0.003, 99, 3.0, (20,))
    rates = [float(schedule(step)) for step in (59, 60)]
    np.testing.assert_allclose(rates, [0.003, 0.0003], rtol=1e-6)
