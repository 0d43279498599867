"""The stages of BlockDrop's training, each from the one before."""

import itertools
import json
import shutil

import h5py
import numpy as np
import pytest
from tiny_training import TinyDataset, tiny_options

from sact_keras.checkpoints.store import CheckpointStore
from sact_keras.models.presets import STAGES
from sact_keras.training import driver
from sact_keras.training.build import build_network
from sact_keras.training.load_weights import load_weights
from sact_keras.training.metrics_file import MetricsFile
from sact_keras.training.options import Options
from sact_keras.training.train import train

NUM_STEPS = 5
NETWORK = {"dataset": "shapes", "model_type": "blockdrop", "model": "1"}
RUN = "runs/shapes_blockdrop_1_{}_base4"
EVALUATION = {"mode": "eval", "evaluate_once": True, "jit_compile": "false"}


def stage_options(directory, stage, **changes):
    """A training of five steps, of which two go by before another unit is free."""
    network = {**NETWORK, "base_channels": 4, "stage": stage}
    if stage == "curriculum":
        network["curriculum_steps"] = 2
    return tiny_options(
        directory,
        **{
            **network,
            "max_number_of_steps": NUM_STEPS,
            "eval_interval_steps": 5,
            "save_interval_secs": 0.0,
            "mode": "train",
            **changes,
        },
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A working directory in which all stages were trained, none told of another."""
    directory = tmp_path_factory.mktemp("stages")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(directory)
        patch.setattr(driver, "open_dataset", lambda *names, **options: TinyDataset())
        for stage in STAGES:
            driver.run(stage_options(directory, stage).replace(train_log_dir=None))
    return directory


@pytest.fixture
def at_work(runs, monkeypatch):
    """The same, as the working directory of a program with the tiny data."""
    monkeypatch.chdir(runs)
    monkeypatch.setattr(driver, "open_dataset", lambda *names, **options: TinyDataset())
    return runs


def run_of(runs, stage):
    return runs / RUN.format(stage)


def weights_at(directory, step):
    config = json.loads((directory / "config.json").read_text())["flags"]
    model = build_network(Options(**config))
    load_weights(model, directory / "checkpoints" / f"step-{step:08d}")
    return {v.path.split("/", 1)[1]: v.numpy() for v in model.weights}


def parts(weights):
    """The network's and the policy's."""
    policy = {name for name in weights if name.startswith("policy/")}
    return weights.keys() - policy, policy


def assert_equal(found, expected, names):
    assert names
    for name in names:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)


def differing(found, expected):
    return {n for n in found if not np.array_equal(found[n], expected[n])}


def test_each_stage_starts_from_the_default_run_of_the_one_before(runs):
    for before, stage in itertools.pairwise(STAGES):
        directory = run_of(runs, stage)
        flags = json.loads((directory / "config.json").read_text())["flags"]
        assert flags["finetune_path"] == RUN.format(before)
    flags = json.loads((run_of(runs, "pretrain") / "config.json").read_text())["flags"]
    assert flags["finetune_path"] is None
    assert sorted(path.name for path in (runs / "runs").iterdir()) == sorted(
        run_of(runs, stage).name for stage in STAGES
    )


def test_only_the_policy_moves_in_the_curriculum(runs):
    pretrained = weights_at(run_of(runs, "pretrain"), NUM_STEPS)
    first, *_, last = (
        weights_at(run_of(runs, "curriculum"), step) for step in (3, NUM_STEPS)
    )
    network, policy = parts(last)
    assert network == pretrained.keys()
    # Moving averages, too.
    assert_equal(last, pretrained, network)
    still = {"policy/value/kernel", "policy/value/bias"}
    assert differing(first, last) == policy - still


def test_finetuning_moves_both(runs):
    first = weights_at(run_of(runs, "curriculum"), NUM_STEPS)
    last = weights_at(run_of(runs, "finetune"), NUM_STEPS)
    network, policy = parts(first)
    moved = differing(first, last)
    assert policy - moved == {
        *("policy/value/kernel", "policy/value/bias", "policy/free_units")
    }
    assert network <= moved


def test_units_are_freed_by_the_global_step(runs):
    """Two steps a unit, the last first; a step's checkpoint is of before the next."""
    for step, free in ((3, 2), (4, 2), (5, 3)):
        weights = weights_at(run_of(runs, "curriculum"), step)
        assert weights["policy/free_units"] == free, step
    finetuned = weights_at(run_of(runs, "finetune"), NUM_STEPS)
    assert finetuned["policy/free_units"] == 3


@pytest.mark.parametrize("stage", STAGES)
def test_what_is_logged(runs, stage):
    training, evaluation = MetricsFile(run_of(runs, stage) / "metrics.jsonl").read()
    assert (training["step"], training["split"]) == (NUM_STEPS, "train")
    measured = {"reward", "block_usage", "block_usage_std", "unique_policies"}
    assert {"loss", "accuracy", "learning_rate"} < training.keys()
    reported = {
        *("eval/Reward", "eval/Block_Usage", "eval/Block_Usage_std"),
        "eval/Unique_Policies",
    }
    if stage == "pretrain":
        assert measured.isdisjoint(training)
        assert reported.isdisjoint(evaluation)
        return
    assert measured < training.keys()
    assert reported < evaluation.keys()
    penalty = {"curriculum": -1, "finetune": -5}[stage]
    for line, name in ((training, "reward"), (evaluation, "eval/Reward")):
        assert penalty <= line[name] < 1
    assert 0 <= training["block_usage"] <= 3
    assert 1 <= training["unique_policies"] <= 8


def saved_arrays(directory):
    found = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset):
            found[name] = item[()]

    with h5py.File(CheckpointStore(directory).latest().weights_path) as file:
        file.visititems(visit)
    return found


@pytest.mark.fast_with("curriculum")
@pytest.mark.parametrize("stage", STAGES)
def test_a_resumed_stage_ends_as_one_never_interrupted(runs, tmp_path, stage):
    """Of two steps that a unit takes one was done, and noise had been drawn."""
    whole, resumed = run_of(runs, stage) / "checkpoints", tmp_path / "run"
    shutil.copytree(run_of(runs, stage), resumed, symlinks=True)
    for step in (4, 5):
        shutil.rmtree(resumed / "checkpoints" / f"step-{step:08d}")
    (resumed / "checkpoints" / "best").unlink()
    assert CheckpointStore(resumed / "checkpoints").latest().step == 3
    train(stage_options(resumed, stage), TinyDataset())
    expected, found = saved_arrays(whole), saved_arrays(resumed / "checkpoints")
    assert any(name.startswith("optimizer/") for name in expected)
    assert_equal(found, expected, expected.keys() | found.keys())
    states = [
        CheckpointStore(directory).latest().random_states
        for directory in (whole, resumed / "checkpoints")
    ]
    assert states[0] == states[1]


def evaluated(path, **options):
    """The values of the evaluation of a checkpoint by the program."""
    driver.run(Options(checkpoint_dir=str(path), **{**EVALUATION, **options}))
    return json.loads((path.parent / "eval" / "eval.json").read_text())["values"]


@pytest.mark.fast_with("finetune")
@pytest.mark.parametrize("stage", STAGES)
def test_a_run_is_evaluated_without_a_word_about_it(at_work, stage, capsys):
    run = run_of(at_work, stage)
    options = {**EVALUATION, "eval_batch_size": 16}
    driver.run(Options(checkpoint_dir=str(run), **options))
    found = json.loads((run / "eval" / "eval.json").read_text())["values"]
    line = MetricsFile(run / "metrics.jsonl").read()[-1]
    assert found == {name: line[name] for name in found}
    report = {"Block Usage: ", "Unique Policies: "}
    printed = capsys.readouterr().out
    assert {part for part in report if part in printed} == (
        set() if stage == "pretrain" else report
    )


@pytest.mark.fast_with("finetune")
@pytest.mark.parametrize("stage", STAGES)
def test_weights_alone_are_evaluated_by_flags(at_work, tmp_path, stage, capsys):
    run = run_of(at_work, stage)
    squeezed = tmp_path / "own" / "small.weights.h5"
    driver.run(
        Options(mode="squeeze", checkpoint_dir=str(run), squeezed_path=str(squeezed))
    )
    assert str(squeezed) in capsys.readouterr().out
    found = evaluated(
        squeezed, **NETWORK, stage=stage, base_channels=4, eval_batch_size=16
    )
    line = MetricsFile(run / "metrics.jsonl").read()[-1]
    assert found == {name: line[name] for name in found}


def test_a_policy_is_evaluated_on_another_network(at_work, tmp_path):
    """Pretrained, it is the one on which the curriculum was."""
    squeezed = tmp_path / "own" / "small.weights.h5"
    pretrained, learnt = (run_of(at_work, stage) for stage in STAGES[:2])
    driver.run(
        Options(
            mode="squeeze", checkpoint_dir=str(pretrained), squeezed_path=str(squeezed)
        )
    )
    found = evaluated(
        squeezed,
        **NETWORK,
        stage="curriculum",
        base_channels=4,
        eval_batch_size=16,
        policy_path=str(learnt),
    )
    line = MetricsFile(learnt / "metrics.jsonl").read()[-1]
    assert found == {name: line[name] for name in found}


@pytest.mark.fast_with("curriculum")
@pytest.mark.parametrize("stage", STAGES)
def test_a_run_is_attacked(at_work, tmp_path, stage):
    driver.run(
        Options(
            mode="attack",
            checkpoint_dir=str(run_of(at_work, stage)),
            eval_dir=str(tmp_path),
            num_examples=6,
            eval_batch_size=6,
            jit_compile="false",
        )
    )
    (report,) = tmp_path.glob("attack-*.json")
    assert json.loads(report.read_text())["model_type"] == "blockdrop"
