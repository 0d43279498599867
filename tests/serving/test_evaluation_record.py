import json
import logging

import pytest

from sact_keras.serving.evaluation_record import find_evaluation
from sact_keras.training.evaluation import Evaluation

VALUES = {
    "eval/Accuracy": 0.9182,
    "Total Flops/mean": 8.2e7,
    "Total Flops/std": 3.0e6,
}
DETAILS = {"dataset": "cifar10", "split": "test"}


def evaluate(run, step, accuracy=0.9182):
    evaluation = Evaluation(10000, {**VALUES, "eval/Accuracy": accuracy})
    return evaluation.write(run / "eval", step=step, details=DETAILS)


def test_what_an_evaluation_writes_is_found(tmp_path):
    path = evaluate(tmp_path, 3500)
    assert find_evaluation(tmp_path, 3500) == {
        "accuracy": 0.9182,
        "mean_flops": 8.2e7,
        "std_flops": 3.0e6,
        "num_examples": 10000,
        "step": 3500,
        **DETAILS,
        "file": str(path),
    }


def test_each_checkpoint_has_its_own(tmp_path):
    evaluate(tmp_path, 100, accuracy=0.5)
    evaluate(tmp_path, 200, accuracy=0.75)
    assert find_evaluation(tmp_path, 100)["accuracy"] == 0.5
    assert find_evaluation(tmp_path, 200)["accuracy"] == 0.75
    assert find_evaluation(tmp_path, 300) is None
    # A checkpoint that does not say its step is not the one of step 200.
    assert find_evaluation(tmp_path) is None


def test_a_checkpoint_without_a_step(tmp_path):
    evaluate(tmp_path, None)
    assert find_evaluation(tmp_path)["accuracy"] == 0.9182
    assert find_evaluation(tmp_path, 100) is None


def test_results_may_lie_elsewhere(tmp_path):
    evaluate(tmp_path, 100)
    found = find_evaluation("no/such/run", 100, eval_dir=tmp_path / "eval")
    assert found["step"] == 100


def test_a_shipped_checkpoint_has_its_evaluation_in_itself(tmp_path):
    path = evaluate(tmp_path, 800)
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    path.rename(shipped / "metrics.json")
    assert find_evaluation("no/such/run", 800, checkpoint=shipped)["step"] == 800
    assert find_evaluation("no/such/run", 801, checkpoint=shipped) is None
    assert find_evaluation("no/such/run", 800, checkpoint=tmp_path) is None


@pytest.mark.parametrize(
    "content", ["{", "[]", "null", json.dumps({"step": 7}), json.dumps({"values": {}})]
)
def test_files_of_others_are_passed_over(tmp_path, caplog, content):
    evaluate(tmp_path, 7)
    (tmp_path / "eval" / "eval-00000007.json").write_text(content)
    with caplog.at_level(logging.WARNING):
        assert find_evaluation(tmp_path, 7)["accuracy"] == 0.9182
    assert "eval-00000007.json is no evaluation of ours" in caplog.text
