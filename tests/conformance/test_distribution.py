"""Two replicas train as one on the same global batch, and draw noise of their own."""

import functools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import PROJECT_ROOT, load_arrays
from registry import DRAWING, ONE_A_METHOD, named, parameters

from sact_keras.models import METHODS

# Whose loss is of a batch's rates, not linear in them. That of rewards is compared by
# itself, and trainings of all methods in tests/training/test_equal_trainings.py.
FAST = named("aig")
FAST_PARTS = [*map(str, FAST), "losses", "norms"]
SLOW_PARTS = [*(case.name for case in ONE_A_METHOD if case not in FAST), "noisy"]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A function from a part of the program to the directory of its results."""

    @functools.cache
    def run(*parts):
        directory = tmp_path_factory.mktemp("replicas")
        program = Path(__file__).with_name("two_replicas.py")
        environment = {"PYTHONPATH": str(PROJECT_ROOT), "CUDA_VISIBLE_DEVICES": ""}
        finished = subprocess.run(
            [sys.executable, program, directory, *parts],
            env=os.environ | environment,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        assert finished.returncode == 0, finished.stderr
        return directory

    # One start of the program for all that the fast suite needs.
    return lambda part: run(*(FAST_PARTS if part in FAST_PARTS else SLOW_PARTS))


@pytest.mark.parametrize("case", parameters(FAST, ONE_A_METHOD))
def test_two_replicas_train_as_one(results, case):
    directory = results(case.name)
    one, two = (
        load_arrays(directory / f"{case}-{name}.npz") for name in ("one", "two")
    )
    assert one.keys() == two.keys()
    assert len(one["logs/loss"]) == 2
    method = METHODS[case.model_type]
    assert (f"logs/{method.loss_name}" in one) == (method.loss is not None)
    assert all(f"logs/{name}" in one for name in method.measured)
    for name, expected in one.items():
        if name.endswith("moving_variance") and method.variant != "sact":
            continue  # Unbiased: a replica has half as many values.
        if name == "logs/block_usage_std":
            continue  # The same.
        np.testing.assert_allclose(
            two[name], expected, rtol=2e-4, atol=2e-5, err_msg=name
        )


@pytest.mark.parametrize("stage", ["curriculum", "finetune"])
def test_the_replicas_parts_of_a_policys_loss_add_up_to_it(results, stage):
    losses = load_arrays(results("losses") / f"policy-{stage}.npz")
    assert abs(losses["one"]) > 0.01
    np.testing.assert_allclose(losses["two"].sum(), losses["one"], rtol=1e-5)


def test_synchronized_norms_are_those_of_the_whole_batch(results):
    found = load_arrays(results("norms") / "norms.npz")
    x, upstream, gamma, beta = (
        found[name].astype("float64")
        for name in ("inputs", "upstream", "gamma", "beta")
    )
    axes = (0, 1, 2)
    mean, variance = x.mean(axes), x.var(axes)
    deviation = np.sqrt(variance + 1e-3)
    centred = (x - mean) / deviation
    of_inputs = (
        upstream - upstream.mean(axes) - centred * (upstream * centred).mean(axes)
    ) * (gamma / deviation)
    halves = {"outputs": centred * gamma + beta, "of_inputs": of_inputs}
    for name, expected in halves.items():
        np.testing.assert_allclose(
            found[name].reshape(x.shape), expected, rtol=1e-5, atol=2e-5, err_msg=name
        )
    for replica in range(2):
        np.testing.assert_allclose(found["mean"][replica], mean, rtol=1e-6)
        np.testing.assert_allclose(found["variance"][replica], variance, rtol=1e-6)
    # The optimizer adds the replicas' up.
    sums = {"of_gamma": (upstream * centred).sum(axes), "of_beta": upstream.sum(axes)}
    for name, expected in sums.items():
        np.testing.assert_allclose(
            found[name].sum(axis=0), expected, rtol=1e-5, atol=5e-5, err_msg=name
        )


@pytest.fixture(params=parameters(FAST, DRAWING))
def draws(results, request):
    case = request.param
    return load_arrays(results(case.name) / f"{case}-draws.npz")


def test_replicas_and_steps_draw_different_noise(draws):
    for run in draws.values():
        decisions = run.reshape(4, -1)  # Of two steps on two replicas.
        assert set(np.unique(decisions)) == {0.0, 1.0}
        for index, one in enumerate(decisions):
            for other in decisions[index + 1 :]:
                assert (one != other).mean() > 0.02


def test_the_same_seed_draws_the_same_on_two_replicas(draws):
    np.testing.assert_array_equal(draws["first"], draws["again"])
    assert (draws["first"] != draws["other"]).mean() > 0.02


@pytest.mark.slow
def test_the_same_seed_trains_the_same_on_two_replicas(results):
    first, again, silent = (
        load_arrays(results("noisy") / f"noisy-{name}.npz")
        for name in ("first", "again", "silent")
    )
    moved = 0
    for name, expected in first.items():
        np.testing.assert_allclose(again[name], expected, rtol=1e-5, atol=1e-6)
        moved += not np.allclose(silent[name], expected, rtol=1e-3, atol=1e-4)
    assert moved > len(first) / 4, "the noise must tell"
