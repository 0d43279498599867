"""Gated networks of other depths, widths and sizes than the golden ones.

Their decisions are exactly those of the oracle: variables are such that no score lies
within float32's rounding of its threshold (`postactivation_variables.py`).
"""

import dataclasses

import numpy as np
import pytest
from case_parameters import parameters
from comparison import assert_same_output
from forward import forward
from gated_cases import EVALUATION, PUBLISHED, TRAINING
from loss_reference import budget_loss, cross_entropy, target_rate_loss

from sact_keras.accounting import flops_dtype
from sact_keras.checkpoints.pytorch_names import named_variables, to_our_layout
from sact_keras.losses import SparseCategoricalCrossentropy

DOUBTFUL = 1e-4
"""How near its threshold a score may not be, in units of the unit's largest score.

In float32 those of ResNet-50 are off by 3e-5.
"""

# One network of a method is enough to tell another backend by: JAX compiles for
# seconds.
FOR_EVERY_BACKEND = ("aig", "dynconv")


@pytest.mark.fast_with(
    "aig on ImageNet", "aig, sampling", "bottlenecks, odd*", "dynconv*"
)
@pytest.mark.parametrize("case", parameters(EVALUATION, FOR_EVERY_BACKEND))
def test_evaluation_mode(case):
    assert_equals_the_oracle_in_evaluation(case, 1e-5)


@pytest.mark.fast_with("aig on ImageNet*", "bottlenecks*", "dynconv*")
@pytest.mark.parametrize("case", parameters(TRAINING))
def test_training_mode(case):
    assert_equals_the_oracle_in_training(case, 2e-5)


@pytest.mark.slow
@pytest.mark.parametrize("case", parameters(PUBLISHED))
def test_published_networks(case):
    assert_equals_the_oracle_in_evaluation(case, 1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("case", parameters(PUBLISHED))
def test_published_networks_in_training(case):
    case = dataclasses.replace(case, moment=(30, 100))
    assert_equals_the_oracle_in_training(case, 1e-4)


def assert_equals_the_oracle_in_evaluation(case, tolerance):
    oracle = case.oracle()
    expected = oracle(case.pixels)
    model = case.build()
    if case.draws_noise:
        outputs = model(case.pixels, noise=case.noise)
    else:
        outputs = forward(model, case.pixels)
    assert_same_outputs(case, model, outputs, expected, tolerance)
    if case.model_type == "aig":
        assert_same_probabilities(case, outputs, oracle.gate_logits, tolerance)


def assert_equals_the_oracle_in_training(case, tolerance):
    """Compares the outputs, the loss and the moving statistics of one step."""
    case = dataclasses.replace(case, training=True)
    oracle = case.oracle()
    expected = oracle(case.pixels)
    model = case.build()
    epoch, epochs = case.moment
    if model.progress is not None:
        model.progress.assign(epoch / epochs)
    model.compile(loss=SparseCategoricalCrossentropy())
    # Given even where there is to be none.
    outputs = model(case.pixels, training=True, noise=case.noise)
    loss = model.compute_loss(y=case.labels, y_pred=outputs)
    assert_same_outputs(case, model, outputs, expected, tolerance)
    expected_loss = cross_entropy(case.labels, expected["logits"])
    expected_loss += method_loss(case, oracle, expected["masks"])
    np.testing.assert_allclose(loss, expected_loss, rtol=tolerance)
    moving = {
        name: stored.variable
        for name, stored in named_variables(model)
        if name.endswith(("running_mean", "running_var"))
    }
    assert moving.keys() == expected["after"].keys()
    for name, variable in moving.items():
        wanted = to_our_layout(expected["after"][name])
        assert_same_output(name, variable, wanted, tolerance)


def method_loss(case, oracle, masks):
    """What the method adds to the loss, by its oracle."""
    arguments, (epoch, epochs) = case.arguments, case.moment
    if case.model_type == "dynconv":
        budget = arguments.get("budget", 0.5)
        loss = budget_loss(oracle.costs, oracle.dense_costs, budget, epoch, epochs)
        return arguments.get("budget_weight", 10.0) * loss
    if case.dataset != "imagenet":
        return target_rate_loss(masks, case.target_rates, weight=2.0)
    passed_over = [u for u, rate in enumerate(case.target_rates) if rate == 1]
    return target_rate_loss(masks, case.target_rates, 1.0, passed_over)


def assert_same_outputs(case, model, outputs, expected, tolerance):
    decided = 0
    for index, score in enumerate(expected["scores"]):
        mask = expected["masks"][index]
        if score is not None:
            doubtful = DOUBTFUL * np.abs(score).max()
            assert np.abs(score).min() > doubtful, "choose another seed"
            assert 0 < mask.mean() < 1, "choose a seed whose decisions vary"
            decided += 1
        np.testing.assert_array_equal(outputs["masks"][index], mask, str(index))
    gates = sum(case.num_units) - len(case.ungated)
    assert decided == (0 if case.model_type == "vanilla" else gates)
    names = ["logits", "flops", "num_units_map"]
    names += ["macs"] * (model.variant == "dynconv")
    for block in model.block_names:
        names += [f"{block}/flops", f"{block}/num_units"]
        names += [f"{block}/output"] * (f"{block}/output" in outputs)
    inexact = 0 if flops_dtype() == "int64" else 1e-6
    for name in names:
        wanted = expected[name]
        if name == "num_units_map":
            wanted = np.broadcast_to(wanted, outputs[name].shape)
        assert_same_output(name, outputs[name], wanted, tolerance, inexact)
    undemanded = {"masks", *(name for name in outputs if "probability" in name)}
    assert set(outputs) - undemanded == set(names)


def assert_same_probabilities(case, outputs, gate_logits, tolerance):
    """Those of units to run, without noise; of one without a gate 1."""
    actual = np.concatenate(
        [
            np.array(outputs[f"block_{block + 1}/gate_probability"])
            for block in range(len(case.num_units))
        ],
        axis=1,
    )
    expected = np.ones_like(actual, "float64")
    gated = [u for u in range(actual.shape[1]) if u not in case.ungated]
    for unit, logits in zip(gated, gate_logits, strict=True):
        expected[:, unit] = 1 / (1 + np.exp(logits[:, 0] - logits[:, 1]))
    assert_same_output("gate_probability", actual, expected, 10 * tolerance)
