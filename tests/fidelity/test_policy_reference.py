"""Networks of BlockDrop of other depths, widths and sizes than the golden one."""

import dataclasses

import numpy as np
import pytest
from case_parameters import parameters
from comparison import assert_same_output
from forward import forward
from keras import ops
from policy_cases import EVALUATION, PUBLISHED, TRAINING
from policy_names import variables_by_name
from reward_reference import bounded, curriculum_loss, finetuning_loss, reward

from sact_keras.accounting import flops_dtype
from sact_keras.checkpoints.pytorch_names import to_our_layout
from sact_keras.losses import SparseCategoricalCrossentropy
from sact_keras.models.presets import PENALTIES

DOUBTFUL = 1e-4
"""How near the threshold a probability may not be, nor a draw to its probability."""

# JAX compiles for seconds.
FOR_EVERY_BACKEND = ("CIFAR", "finetuning")

BASELINE = ("baseline_logits", "baseline_policy")


@pytest.mark.parametrize("case", parameters(EVALUATION, FOR_EVERY_BACKEND))
def test_evaluation_mode(case):
    assert_equals_the_oracle_in_evaluation(case, 1e-5)


@pytest.mark.fast_with("drawn-*")
@pytest.mark.parametrize("case", parameters(EVALUATION))
@pytest.mark.parametrize("name", ["none", "all", "drawn", "mixed"])
def test_given_policies(case, name):
    policy = case.policies[name]
    expected = case.oracle()(case.pixels, policy)
    outputs = forward(case.build(), case.pixels, policy=policy)
    assert_same_outputs(outputs, expected, case, 1e-5)


@pytest.mark.fast_with("drawn-*")
@pytest.mark.parametrize("case", parameters(TRAINING))
@pytest.mark.parametrize("name", ["none", "drawn"])
def test_training_mode(case, name):
    assert_equals_the_oracle_in_training(case, case.policies[name], 2e-5)


@pytest.mark.fast_with("finetuning on ImageNet", "curriculum, some free")
@pytest.mark.parametrize("case", parameters(TRAINING, FOR_EVERY_BACKEND))
def test_training_mode_with_units_that_no_image_runs(case):
    assert_equals_the_oracle_in_training(case, case.policies["mixed"], 2e-5)


@pytest.mark.fast_with("finetuning, odd", "curriculum on ImageNet")
@pytest.mark.parametrize("case", parameters(TRAINING))
def test_draws(case):
    """A unit runs where a draw is below its bounded probability."""
    case = dataclasses.replace(case, training=True)
    draws = np.stack(case.noise, axis=1).astype("float64")
    probability = case.oracle()(case.pixels)["policy_probability"]
    chosen = bounded(probability, case.arguments.get("alpha", 0.8))
    assert np.abs(draws - chosen).min() > DOUBTFUL, "choose another seed"
    expected = case.oracle()(case.pixels, draws < chosen, case.free_units)
    outputs = case.build()(case.pixels, training=True, noise=case.noise)
    for mask, wanted in zip(outputs["masks"], expected["masks"], strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(mask), wanted)
    assert_same_output("logits", outputs["logits"], expected["logits"], 2e-5)


@pytest.mark.slow
@pytest.mark.parametrize("case", parameters(PUBLISHED))
def test_published_networks(case):
    assert_equals_the_oracle_in_evaluation(case, 1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["curriculum", "finetune"])
@pytest.mark.parametrize("case", parameters(PUBLISHED))
def test_published_networks_in_training(case, stage):
    case = dataclasses.replace(case, stage=stage)
    assert_equals_the_oracle_in_training(case, case.policies["mixed"], 1e-4)


def assert_equals_the_oracle_in_evaluation(case, tolerance):
    expected = case.oracle()(case.pixels, free_units=case.free_units)
    assert_sure(expected)
    outputs = forward(case.build(), case.pixels)
    assert_same_outputs(outputs, expected, case, tolerance)


def assert_equals_the_oracle_in_training(case, policy, tolerance):
    """Compares the outputs, the loss and the moving statistics of one step."""
    case = dataclasses.replace(case, training=True)
    expected = case.oracle()(case.pixels, policy, case.free_units)
    assert_sure(expected)
    labels = choose_labels(expected)
    model = case.build()
    model.compile(loss=SparseCategoricalCrossentropy())
    outputs = model(case.pixels, training=True, policy=policy)
    loss = model.compute_loss(case.pixels, labels, outputs)
    assert_same_outputs(outputs, expected, case, tolerance, BASELINE)
    wanted = loss_of(case, expected, labels)
    np.testing.assert_allclose(ops.convert_to_numpy(loss), wanted, rtol=10 * tolerance)
    for name, variable in variables_by_name(model).items():
        if "running_" in name:
            # Of what has not moved, as it was.
            array = expected["after"].get(name, case.variables[name])
            assert_same_output(name, variable, to_our_layout(array), tolerance)


def assert_sure(expected):
    assert expected["margin"] > DOUBTFUL, "choose another seed"
    policies = expected["policy_probability"] >= 0.5
    assert (policies.any(axis=0) & ~policies.all(axis=0)).all()


def choose_labels(expected):
    """Labels of which each policy gets some right that the other one does not.

    Of four images the sampled policy is right about the first and the third, the
    baseline about the second and, where they agree, the third.
    """
    sample, baseline = (
        expected[name].argmax(axis=1) for name in ("logits", "baseline_logits")
    )
    places = np.arange(len(sample)) % 4
    neither = (np.maximum(sample, baseline) + 1) % expected["logits"].shape[1]
    labels = np.where(places == 1, baseline, sample)
    return np.where(places == 3, neither, labels)


def loss_of(case, expected, labels):
    sample = np.stack(expected["masks"], axis=1)
    penalty = case.arguments.get("penalty", PENALTIES[case.stage])
    rewards = [
        reward(policy, logits.argmax(axis=1) == labels, penalty)
        for policy, logits in (
            (sample, expected["logits"]),
            (expected["baseline_policy"], expected["baseline_logits"]),
        )
    ]
    chosen = expected["policy_probability"], sample, rewards[0] - rewards[1]
    alpha = case.arguments.get("alpha", 0.8)
    if case.stage == "finetune":
        return finetuning_loss(*chosen, labels, expected["logits"], alpha)
    free_units = case.total_units if case.free_units is None else case.free_units
    beta = case.arguments.get("beta", 0.1)
    return curriculum_loss(*chosen, free_units, alpha, beta)


def assert_same_outputs(outputs, expected, case, tolerance, more=()):
    for mask, wanted in zip(outputs["masks"], expected["masks"], strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(mask), wanted)
    names = ["logits", "flops", "num_units_map", "policy_probability", "policy_value"]
    for block in range(1, 1 + len(case.num_units)):
        names += [f"block_{block}/flops", f"block_{block}/num_units"]
        names += [f"block_{block}/output"] * (f"block_{block}/output" in outputs)
    names += more
    inexact = 0 if flops_dtype() == "int64" else 1e-6
    for name in names:
        wanted = expected[name]
        if name == "num_units_map":
            wanted = np.broadcast_to(wanted, outputs[name].shape)
        assert_same_output(name, outputs[name], wanted, tolerance, inexact)
    assert set(outputs) == {"masks", *names}
