"""What an evaluation says of the policies of a network."""

import collections
import json

import numpy as np
import pytest
from PIL import Image
from tiny_training import TinyDataset, tiny_model, tiny_options

import sact_keras.visualization.policy_picture as policy_picture
from sact_keras.training.dataset_evaluation import (
    DatasetEvaluation,
    evaluation_batches,
)
from sact_keras.training.evaluation_report import EvaluationReport

NAMES = ("Reward", "Block_Usage", "Block_Usage_std", "Unique_Policies")


def options_in(directory):
    options = tiny_options(directory, model_type="blockdrop", model="1_2_1")
    return options.replace(eval_dir=str(directory))


def examples_of(options):
    """All images that are evaluated, and their labels."""
    batches = evaluation_batches(options, TinyDataset())
    return map(np.concatenate, zip(*batches, strict=True))


@pytest.fixture(scope="module")
def model():
    """Under whose policies images differ."""
    model = tiny_model("blockdrop", model="1_2_1")
    images, _ = examples_of(options_in("anywhere"))
    # Whatever the network sees in images: some run a unit, and some do not.
    chances = np.asarray(model(images)["policy_probability"], "float64")
    logits = np.log(chances) - np.log1p(-chances)
    shares = (0.2, 0.4, 0.6, 0.7)
    thresholds = [np.quantile(*both) for both in zip(logits.T, shares, strict=True)]
    model.policy.logits.bias.assign_sub(thresholds)
    return model


@pytest.fixture
def options(tmp_path):
    return options_in(tmp_path)


@pytest.fixture
def evaluate(model):
    def evaluate(options, dataset):
        return DatasetEvaluation(model, options, dataset, jit_compile=False)()

    return evaluate


def policies_of(model, options):
    """[N, units], whether each image was classified right, and the FLOPs of each."""
    images, labels = examples_of(options)
    outputs = model(images, training=False)
    right = np.argmax(outputs["logits"], axis=1) == labels
    return np.stack(outputs["masks"], axis=1), right, np.asarray(outputs["flops"])


def test_values_are_those_of_the_policies(model, options, evaluate):
    found = evaluate(options, TinyDataset()).values
    policies, right, flops = policies_of(model, options)
    used = policies.sum(axis=1)
    assert used.std() > 0
    expected = {
        "eval/Reward": np.where(right, 1 - (used / 4) ** 2, -5.0).mean(),
        "eval/Block_Usage": used.mean(),
        "eval/Block_Usage_std": used.std(ddof=1),
        "eval/Unique_Policies": len({tuple(policy) for policy in policies}),
        "Total Flops/mean": flops.mean(),
        "Total Flops/std": flops.std(),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-6)
    names = list(found)
    begin = names.index("eval/Regularization_Loss") + 1
    assert names[begin:][:4] == [f"eval/{name}" for name in NAMES]


def test_the_lines_of_the_original_come_last(options, evaluate):
    found = evaluate(options, TinyDataset())
    *others, accuracy, usage, flops, unique = str(found).splitlines()
    assert [line.partition("[")[0] for line in others] == list(found.values)
    values = found.values
    assert accuracy == f"Accuracy: {values['eval/Accuracy']:.3f}"
    mean, deviation = values["eval/Block_Usage"], values["eval/Block_Usage_std"]
    assert usage == f"Block Usage: {mean:.3f} ± {deviation:.3f}"
    mean, deviation = values["Total Flops/mean"], values["Total Flops/std"]
    assert flops == f"FLOPs/img: {mean:.2E} ± {deviation:.2E}"
    assert unique == f"Unique Policies: {values['eval/Unique_Policies']}"


def test_policies_are_written_and_drawn_beside_the_evaluation(
    model, options, evaluate, tmp_path, capsys
):
    dataset = TinyDataset()
    found = evaluate(options, dataset)
    EvaluationReport(options, dataset)(found, 12, tmp_path / "step-00000012")
    assert f"\n{found}\n" in capsys.readouterr().out
    for name in ("eval", "gate_rates", "policies"):
        for suffix in (".json", ".png")[: 1 if name == "eval" else 2]:
            latest, of_step = (
                (tmp_path / f"{name}{step}{suffix}").read_bytes()
                for step in ("", "-00000012")
            )
            assert latest == of_step

    content = json.loads((tmp_path / "policies.json").read_text())
    evaluation = json.loads((tmp_path / "eval.json").read_text())
    for name in ("step", "num_examples", "checkpoint", "split", "model_type"):
        assert content[name] == evaluation[name]
    policies, _, _ = policies_of(model, options)
    used = policies.sum(axis=1).astype(int).tolist()
    counts = collections.Counter(map(tuple, policies.astype(int).tolist()))
    assert content["unique_policies"] == len(counts)
    assert content["unit_usage"] == pytest.approx(policies.mean(axis=0).tolist())
    assert content["images_by_blocks_used"] == np.bincount(used, minlength=5).tolist()
    drawn = zip(
        content["policies"],
        content["policy_counts"],
        content["policy_examples"],
        strict=True,
    )
    for policy, count, examples in drawn:
        assert counts[tuple(policy)] == count >= len(examples) >= 1
        assert (policies[examples] == policy).all()
    for name, direction in (("easiest", 1), ("hardest", -1)):
        row = content[name]
        expected = sorted(range(24), key=lambda place, d=direction: d * used[place])
        assert row["images"] == expected[:12]
        assert row["blocks_used"] == [used[place] for place in expected[:12]]
        assert row["classes"] == [str(place % 10) for place in expected[:12]]


def test_what_is_drawn_are_the_images_evaluated(
    options, evaluate, tmp_path, monkeypatch
):
    dataset, drawn = TinyDataset(), {}

    def record(policies, shares, examples, **rest):
        drawn.update(rest, examples=examples)
        return b"a picture"

    monkeypatch.setattr(policy_picture, "draw_policies", record)
    EvaluationReport(options, dataset)(evaluate(options, dataset), None, tmp_path)
    assert (tmp_path / "policies.png").read_bytes() == b"a picture"
    content = json.loads((tmp_path / "policies.json").read_text())
    images, _ = dataset.examples("test")
    for found, places in zip(
        drawn["examples"], content["policy_examples"], strict=True
    ):
        np.testing.assert_array_equal(found, images.numpy()[places])
    for row, name in zip(
        drawn["extremes"].values(), ("easiest", "hardest"), strict=True
    ):
        for (image, label, used), place in zip(
            row, content[name]["images"], strict=True
        ):
            np.testing.assert_array_equal(image, images[place])
            assert label == str(place % 10)
            assert used == drawn["blocks_used"][place]


@pytest.mark.parametrize("num_examples", [1, 3])
def test_few_images(num_examples, options, evaluate, tmp_path):
    options, dataset = options.replace(num_examples=num_examples), TinyDataset()
    found = evaluate(options, dataset)
    EvaluationReport(options, dataset)(found, None, tmp_path)
    content = json.loads((tmp_path / "policies.json").read_text())
    assert sum(content["policy_counts"]) == num_examples
    assert len(content["easiest"]["images"]) == num_examples
    assert Image.open(tmp_path / "policies.png").size[0] > 1000
    if num_examples == 1:
        assert " ± 0.000\n" in str(found)


def test_without_a_policy_network_there_are_no_policies(options, evaluate, tmp_path):
    dataset = TinyDataset()
    for number, other in enumerate(
        (tiny_model("aig"), tiny_model("blockdrop", stage="pretrain"))
    ):
        found = DatasetEvaluation(other, options, dataset, jit_compile=False)()
        assert found.policy_usage is None
        assert "Unique Policies" not in str(found)
        assert "eval/Reward" not in found.values
        EvaluationReport(options, dataset)(found, number, tmp_path)
    assert not list(tmp_path.glob("policies*"))
