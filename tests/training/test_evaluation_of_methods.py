"""What an evaluation says of each method."""

import keras
import numpy as np
import pytest
from tiny_training import tiny_model
from varied_model import in_batches, random_examples, varied_model

from sact_keras.models import METHODS, Method
from sact_keras.training.evaluator import Evaluator


@pytest.fixture(scope="module")
def examples():
    return random_examples()


def test_target_rate_loss_is_that_of_the_rates_over_all_images(examples):
    targets = (1.0, 0.2, 0.9, 0.4)
    model = varied_model("aig", model="1_2_1", target_rates=targets)
    found = Evaluator(model, 4, jit_compile=False)(in_batches(examples, 4))
    masks = model(examples[0], training=False)["masks"]
    rates = np.mean([np.asarray(mask, "float64") for mask in masks], axis=1)
    assert 0 < rates[1:].min() < 1  # Or batches would all have the same rates.
    loss = 2 * np.mean((rates - targets) ** 2)
    assert found.values["eval/Target_Rate_Loss"] == pytest.approx(loss, rel=1e-6)
    assert found.values["eval/Gate_Rate"] == pytest.approx(rates.mean(), rel=1e-6)
    assert "Total MACs/mean" not in found.values


def test_budget_loss_is_that_of_the_costs_over_all_images(examples):
    model = varied_model("dynconv", budget=0.3)
    images, _ = examples
    found = Evaluator(model, 4, jit_compile=False)(in_batches(examples, 4))
    (whole,) = (METHODS["dynconv"].statistics(model, model(images, training=False)),)
    cost, dense_cost = (
        np.asarray(whole[name], "float64").sum(axis=0)
        for name in ("cost", "dense_cost")
    )
    used = cost.sum() / dense_cost.sum()
    assert found.values["eval/Budget"] == pytest.approx(used, rel=1e-6)
    # Before the training has begun, each unit is held to the budget.
    loss = (used - 0.3) ** 2 + np.mean((cost / dense_cost - 0.3) ** 2)
    assert found.values["eval/Budget_Loss"] == pytest.approx(10 * loss, rel=1e-5)


def test_multiply_accumulates_where_they_are_reported(examples):
    model = varied_model("dynconv")
    found = Evaluator(model, 4, jit_compile=False)(in_batches(examples, 4))
    macs = np.asarray(model(examples[0], training=False)["macs"], "float64")
    assert macs.std() > 0
    assert found.values["Total MACs/mean"] == pytest.approx(macs.mean(), rel=1e-12)
    assert found.values["Total MACs/std"] == pytest.approx(macs.std(), rel=1e-9)
    names = list(found.values)
    assert names.index("Total MACs/mean") == names.index("Total Flops/std") + 1


def test_a_network_without_a_budget_has_no_budget_to_report(examples):
    model = tiny_model("dynconv", budget=-1)
    found = Evaluator(model, 4, jit_compile=False)(in_batches(examples, 4))
    assert found.values["eval/Budget_Loss"] == 0
    assert "eval/Budget" not in found.values
    assert found.unit_rates is None


@pytest.mark.fast_with("dynconv")
@pytest.mark.parametrize("model_type", ["act", "sact", "aig", "dynconv"])
def test_rates_are_those_of_the_masks(model_type, examples):
    images, labels = examples
    model = varied_model(model_type)
    rates = Evaluator(model, 4, jit_compile=False)(in_batches(examples, 5)).unit_rates
    masks = model(images, training=False)["masks"]
    shares = np.stack(
        [np.asarray(m, "float64").reshape(len(images), -1).mean(1) for m in masks], 1
    )
    assert shares.std(axis=0).max() > 0
    np.testing.assert_allclose(rates.mean, shares.mean(axis=0), rtol=1e-6)
    for label, of_class in enumerate(rates.by_class):
        chosen = shares[labels == label]
        assert rates.counts[label] == len(chosen)
        if len(chosen):
            np.testing.assert_allclose(of_class, chosen.mean(axis=0), rtol=1e-6)


def test_a_loss_bears_the_name_that_its_method_gives_it(examples, monkeypatch):
    method = Method(
        decide=METHODS["vanilla"].decide,
        statistics=lambda model, outputs: {
            "largest": keras.ops.max(outputs["logits"], axis=1)
        },
        loss=lambda means, model: 2 * means["largest"],
        loss_name="largest_logit_loss",
        report=lambda means, model: {"eval/Largest": float(means["largest"])},
    )
    model = tiny_model("vanilla")
    monkeypatch.setitem(METHODS, "vanilla", method)
    found = Evaluator(model, 4, jit_compile=False)(in_batches(examples, 4)).values
    largest = np.asarray(model(examples[0])["logits"], "float64").max(axis=1).mean()
    assert found["eval/Largest"] == pytest.approx(largest, rel=1e-6)
    assert found["eval/Largest_Logit_Loss"] == 2 * found["eval/Largest"]
    parts = ("Cross_Entropy", "Largest_Logit_Loss", "Regularization_Loss")
    assert found["eval/Loss"] == sum(found[f"eval/{part}"] for part in parts)
    names = list(found)
    assert names.index("eval/Largest") == names.index("eval/Regularization_Loss") + 1
