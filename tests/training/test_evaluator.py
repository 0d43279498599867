import json

import keras
import numpy as np
import pytest
from tiny_training import tiny_model
from varied_model import in_batches, random_examples, varied_model

import sact_keras
from sact_keras.training.evaluation import Evaluation
from sact_keras.training.evaluator import Evaluator
from sact_keras.training.judge import judge

LOSSES = ("Cross_Entropy", "_Loss")


@pytest.fixture(scope="module")
def examples():
    return random_examples()


@pytest.mark.fast_with("dynconv", "act")
@pytest.mark.parametrize("model_type", ["vanilla", "act", "sact", "aig", "dynconv"])
def test_statistics_are_those_of_the_whole_arrays(model_type, examples):
    halts = model_type in ("act", "sact")
    model = varied_model(model_type, **({"tau": 0.3} if halts else {}))
    found = Evaluator(model, 4, jit_compile=False)(in_batches(examples, 4))
    images, labels = examples
    outputs = model(images, training=False)

    assert found.num_examples == len(images)
    logits = np.asarray(outputs["logits"], "float64")
    assert found.accuracy == np.mean(logits.argmax(1) == labels)
    flops = np.asarray(outputs["flops"], "float64")
    assert found.values["Total Flops/mean"] == pytest.approx(flops.mean(), rel=1e-12)
    assert found.values["Total Flops/std"] == pytest.approx(flops.std(), abs=1e-3)
    expected_ponder_loss = 0.0
    varies = model_type == "vanilla"
    for block in model.block_names:
        for output, name in (("num_units", "num_units"), ("flops", "Flops")):
            array = np.asarray(outputs[f"{block}/{output}"], "float64")
            label = f"{block}/{name}"
            assert found.values[f"{label}_mean"] == pytest.approx(
                array.mean(), rel=1e-9
            )
            assert found.values[f"{label}_std"] == pytest.approx(
                array.std(), rel=1e-6, abs=1e-6
            )
        varies |= np.std(outputs[f"{block}/num_units"]) > 0
        if halts:
            costs = np.asarray(outputs[f"{block}/ponder_cost"], "float64")
            label = f"{block}/ponder_cost"
            assert found.values[f"{label}_mean"] == pytest.approx(
                costs.mean(), rel=1e-5
            )
            assert found.values[f"{label}_std"] == pytest.approx(costs.std(), rel=1e-4)
            expected_ponder_loss += 0.3 * costs.mean()
    assert varies  # Or the deviations above have shown nothing.
    assert found.values.get("eval/Ponder_Loss", 0.0) == pytest.approx(
        expected_ponder_loss, rel=1e-5
    )


@pytest.mark.parametrize("k", [1, 3, 10])
def test_recall_is_what_keras_computes(k, examples):
    model = tiny_model("vanilla", model="1")
    found = Evaluator(model, 4, jit_compile=False, recall_at=k)(in_batches(examples, 4))
    images, labels = examples
    recall = keras.metrics.SparseTopKCategoricalAccuracy(k)
    expected = recall(labels, model(images)["logits"])
    assert found.values[f"eval/Recall@{k}"] == pytest.approx(float(expected))
    assert list(found.values)[:2] == ["eval/Accuracy", f"eval/Recall@{k}"]
    if k == 1:
        assert found.values["eval/Recall@1"] == found.accuracy


def test_what_is_not_a_number_finds_nothing():
    nan, inf = np.nan, np.inf
    logits = [[nan, 1, 2], [1, nan, 2], [3, nan, 2], [inf, inf, inf], [2, 2, 1]]
    judged = judge(np.array(logits, "float64"), np.array([0, 0, 0, 0, 0]))
    found = judged["rank"] < 1
    assert found.tolist() == [False, False, False, False, True]


def test_no_recall_unless_asked_for(examples):
    found = Evaluator(tiny_model(), 4, jit_compile=False)(in_batches(examples, 4))
    assert not any("Recall" in name for name in found.values)


@pytest.mark.slow
def test_large_images_give_the_same_numbers_in_batches_of_any_size():
    """Bit for bit, although batches of different sizes round differently."""
    model = sact_keras.build_model(
        "sact", dataset="imagenet", model="1_2_1_1", num_classes=10, base_channels=16
    )
    generator = np.random.default_rng(2)
    for variable in model.weights:
        if "halting" in variable.path and variable.path.endswith(("kernel", "bias")):
            variable.assign(generator.normal(0, 0.5, size=variable.shape))
    images = generator.normal(size=(9, 130, 131, 3)).astype("float32")
    examples = images, generator.integers(0, 10, size=9)
    one, *others = (
        Evaluator(model, size, jit_compile=False)(in_batches(examples, size))
        for size in (1, 2, 7)
    )
    assert one.values["block_2/num_units_std"] > 0
    for other in others:
        assert other == one


@pytest.mark.fast_with("dynconv")
@pytest.mark.parametrize("model_type", ["vanilla", "sact", "aig", "dynconv"])
def test_loss_is_what_keras_computes(model_type, examples):
    model = varied_model(model_type)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(loss=loss, run_eagerly=True)
    images, labels = examples
    found = Evaluator(model, len(images), jit_compile=False)([examples])
    logs = model.evaluate(images, labels, len(images), verbose=0, return_dict=True)
    assert found.values["eval/Loss"] == pytest.approx(logs["loss"], rel=1e-5)
    parts = {name: v for name, v in found.values.items() if name.endswith(LOSSES)}
    assert found.values["eval/Loss"] == pytest.approx(sum(parts.values()))
    assert len(parts) == (2 if model_type == "vanilla" else 3)
    # ConvNet-AIG and DynConv leave the weights' decay to the optimizer.
    by_layers = model_type in ("vanilla", "sact")
    assert (found.values["eval/Regularization_Loss"] > 0) == by_layers


def test_batch_size_does_not_matter(examples):
    model = varied_model("sact")
    results = [
        Evaluator(model, size, jit_compile=False)(in_batches(examples, size)).values
        for size in (11, 4, 1)
    ]
    for values in results[1:]:
        assert values == pytest.approx(results[0], rel=1e-5, abs=1e-5)


def test_compiled_evaluation_agrees(examples):
    model = varied_model("act")
    plain, compiled = (
        Evaluator(model, 8, jit_compile=jit)(in_batches(examples, 8)).values
        for jit in (False, True)
    )
    assert compiled == pytest.approx(plain, rel=1e-4, abs=1e-5)


def test_evaluation_leaves_the_model_as_it_was(examples):
    model = varied_model("sact")
    before = [np.array(weight) for weight in model.get_weights()]
    Evaluator(model, 4, jit_compile=False)(in_batches(examples, 4))
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_what_comes_in_other_batches_is_run_in_the_same(examples):
    evaluator = Evaluator(varied_model("sact"), 4, jit_compile=False)
    found = evaluator(in_batches(examples, 4))
    for size in (1, 3, 5, 11):
        assert evaluator(in_batches(examples, size)) == found


def test_bad_batches():
    evaluator = Evaluator(tiny_model(), 4, jit_compile=False)
    with pytest.raises(ValueError, match="none"):
        evaluator([])
    with pytest.raises(ValueError, match="batch_size=0"):
        Evaluator(tiny_model(), 0)


def test_printed_and_written(tmp_path):
    values = {
        "eval/Accuracy": 0.9182,
        "Total Flops/mean": 505775360.0,
        "Total Flops/std": 82393168.4,
        "block_1/ponder_cost_mean": 2.125,
    }
    evaluation = Evaluation(10, values)
    assert str(evaluation).splitlines() == [
        "eval/Accuracy[0.9182]",
        "Total Flops/mean[505775360]",
        "Total Flops/std[82393168]",
        "block_1/ponder_cost_mean[2.125]",
    ]
    path = evaluation.write(tmp_path / "eval", step=12, details={"split": "test"})
    assert path.name == "eval-00000012.json"
    content = json.loads(path.read_text())
    assert content == {
        "step": 12,
        "num_examples": 10,
        "split": "test",
        "values": values,
    }
    assert json.loads((tmp_path / "eval" / "eval.json").read_text()) == content
    assert len(list((tmp_path / "eval").iterdir())) == 2
