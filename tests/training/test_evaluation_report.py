import json

import numpy as np
import pytest
from PIL import Image
from tiny_training import TinyDataset, tiny_options

from sact_keras.training.evaluation import Evaluation
from sact_keras.training.evaluation_report import EvaluationReport
from sact_keras.training.unit_rates import UnitRates

VALUES = {"eval/Accuracy": 0.5, "eval/Loss": 1.25}


@pytest.fixture
def report(tmp_path):
    options = tiny_options(
        tmp_path, model_type="aig", model="1_2_1", target_rates="1,t,0.5,t"
    )
    return EvaluationReport(options.replace(eval_dir=str(tmp_path)), TinyDataset())


def rates_of(*labels):
    rates = UnitRates((1, 2, 1), 10, target_rates=(1.0, 0.6, 0.5, 0.6))
    rates.add([[1.0, 0.0, 1.0, 0.25]] * len(labels), labels)
    return rates


def written(directory):
    return sorted(p.name for p in directory.iterdir() if "events" not in p.name)


def test_rates_are_written_and_drawn_beside_the_evaluation(report, tmp_path, capsys):
    checkpoint = tmp_path / "checkpoints" / "step-00000012"
    report(Evaluation(3, VALUES, rates_of(2, 2, 9)), 12, checkpoint)
    assert written(tmp_path) == [
        *("eval-00000012.json", "eval.json"),
        *("gate_rates-00000012.json", "gate_rates-00000012.png"),
        *("gate_rates.json", "gate_rates.png"),
    ]
    content = json.loads((tmp_path / "gate_rates.json").read_text())
    evaluation = json.loads((tmp_path / "eval.json").read_text())
    for name in ("step", "num_examples", "checkpoint", "split", "target_rate"):
        assert content[name] == evaluation[name]
    assert content["classes"] == list("0123456789")
    assert content["class_counts"] == [0, 0, 2, 0, 0, 0, 0, 0, 0, 1]
    assert content["class_rates"][9] == content["mean_rates"] == [1.0, 0.0, 1.0, 0.25]
    assert content["class_rates"][0] == [None] * 4
    assert content["target_rates"] == [1.0, 0.6, 0.5, 0.6]
    pictures = [
        np.asarray(Image.open(tmp_path / name))
        for name in ("gate_rates-00000012.png", "gate_rates.png")
    ]
    np.testing.assert_array_equal(*pictures)
    assert "eval/Accuracy[0.5]\neval/Loss[1.25]\n" in capsys.readouterr().out


def test_a_network_that_has_diverged_has_a_report(report, tmp_path):
    """Its scores overflow, though all its weights are finite."""
    rates = UnitRates((1, 2, 1), 10, target_rates=(1.0, 0.6, 0.5, 0.6))
    rates.add([[1.0, 0.5, np.nan, np.nan], [1.0, 0.5, 0.5, np.nan]], labels=[3, 4])
    report(Evaluation(2, VALUES, rates), 12, tmp_path)
    content = json.loads((tmp_path / "gate_rates.json").read_text())
    assert content["mean_rates"] == [1.0, 0.5, None, None]
    assert content["class_rates"][3] == [1.0, 0.5, None, None]
    assert content["class_rates"][4] == [1.0, 0.5, 0.5, None]
    assert (tmp_path / "gate_rates.png").is_file()


def test_the_latest_rates_replace_those_before(report, tmp_path):
    for step in (1, 2):
        report(Evaluation(step, VALUES, rates_of(*[4] * step)), step, tmp_path)
    counts = [
        json.loads((tmp_path / name).read_text())["class_counts"][4]
        for name in ("gate_rates-00000001.json", "gate_rates.json")
    ]
    assert counts == [1, 2]


def test_what_decides_nothing_has_no_rates(report, tmp_path):
    report(Evaluation(3, VALUES), None, tmp_path / "model.ckpt")
    assert written(tmp_path) == ["eval.json"]
