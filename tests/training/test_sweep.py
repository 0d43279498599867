"""`--mode=sweep`, in this process."""

import csv
import functools
import json

import numpy as np
import pytest
from PIL import Image
from tiny_training import TinyDataset, tiny_options
from varied_model import varied_model

from sact_keras.checkpoints.store import CheckpointStore
from sact_keras.models.decided_units import decided_units
from sact_keras.training import driver
from sact_keras.training.build import build_for_training
from sact_keras.training.command_line import main
from sact_keras.training.dataset_evaluation import evaluation_batches
from sact_keras.training.run_config import RunConfig
from sact_keras.training.sweep import sweep_checkpoint
from sact_keras.training.sweep_measurements import SweepMeasurements

BUDGETS = {"aig": "0,0.5,1,4,inf", "dynconv": "0,0.5,1,4,inf"}
"""Model type -> budgets that its decisions differ under; of others, "0,0.01,1,inf"."""


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """One call a turn."""
    measure = functools.partialmethod(SweepMeasurements.time, turn_seconds=0)
    monkeypatch.setattr(SweepMeasurements, "time", measure)


@pytest.fixture
def run(monkeypatch, capsys):
    """A function from flags to (exit code, standard output, standard error)."""

    def start(*flags):
        code = main(["main.py", "--mode=sweep", *flags])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    monkeypatch.setattr(driver, "open_dataset", lambda *names, **options: TinyDataset())
    return start


def options_for(directory, model_type, **changes):
    return tiny_options(
        directory,
        mode="sweep",
        model_type=model_type,
        model="1_2_1",
        base_channels=4,
        checkpoint_dir=str(directory / "varied.weights.h5"),
        eval_dir=str(directory / "found"),
        eval_batch_size=7,
        num_examples=11,
        benchmark_rounds=1,
        **changes,
    )


def read_rows(path):
    rows = csv.DictReader(path.read_text().splitlines())
    return [{name: float(value) for name, value in row.items()} for row in rows]


@pytest.mark.fast_with("aig")
@pytest.mark.parametrize(
    "model_type",
    [
        "sact",
        "aig",
        *(pytest.param(m, marks=pytest.mark.slow) for m in ("act", "dynconv")),
        pytest.param("blockdrop", marks=pytest.mark.slow),
    ],
)
def test_each_row_is_what_the_model_does_under_the_budget(model_type, tmp_path):
    budgets = BUDGETS.get(model_type, "0,0.01,1,inf")
    options = options_for(tmp_path, model_type, compute_budgets=budgets)
    model = varied_model(model_type)
    model.save_weights(options.checkpoint_dir)
    dataset = TinyDataset()
    sweep_checkpoint(options, dataset)
    rows = read_rows(tmp_path / "found" / "sweep.csv")
    assert [row["compute_budget"] for row in rows] == list(
        map(float, budgets.split(","))
    )
    batches = list(evaluation_batches(options, dataset))
    images = np.concatenate([images for images, _ in batches])
    labels = np.concatenate([labels for _, labels in batches])
    for row in rows:
        outputs = model(images, compute_budget=row["compute_budget"])
        flops = np.asarray(outputs["flops"], "float64")
        right = np.argmax(outputs["logits"], axis=1) == labels
        assert row["num_examples"] == len(images) == 11
        assert row["accuracy"] == right.mean()
        assert row["flops_mean"] == pytest.approx(flops.mean(), rel=1e-12)
        assert row["flops_std"] == pytest.approx(flops.std(), rel=1e-6, abs=1e-3)
        units = np.mean(outputs["num_units_map"])
        assert row["num_units"] == pytest.approx(units, rel=1e-6)
        assert ("ponder_cost" in row) == (model_type in ("act", "sact"))
        if "ponder_cost" in row:
            cost = np.mean(outputs["ponder_cost_map"])
            assert row["ponder_cost"] == pytest.approx(cost, rel=1e-5)
        assert 0 < row["milliseconds_lower"] <= row["milliseconds"]
        assert row["milliseconds"] <= row["milliseconds_upper"]
    needed = [row["flops_mean"] for row in rows]
    assert needed == sorted(needed)
    assert needed[0] < needed[-1]
    assert rows[0]["num_units"] == 4 - sum(decided_units(model))
    assert rows[-1]["num_units"] == 4


def test_a_run_is_swept_printed_written_and_drawn(run, tmp_path):
    options = tiny_options(tmp_path, model_type="dynconv", base_channels=4, budget=0.5)
    RunConfig.of(options).write(tmp_path)
    trained = build_for_training(options, TinyDataset())
    trained.optimizer.build(trained.trainable_variables)
    CheckpointStore(tmp_path / "checkpoints").save(trained, 7)
    code, printed, errors = run(
        f"--checkpoint_dir={tmp_path}",
        *("--compute_budgets=2,0.5", "--benchmark_rounds=2"),
        *("--benchmark_batch_sizes=3,1", "--num_examples=5"),
    )
    assert code == 0, errors
    directory = tmp_path / "eval"
    assert sorted(path.name for path in directory.iterdir()) == [
        f"sweep{of_step}{suffix}"
        for of_step in ("-00000007", "")
        for suffix in (".csv", ".json", ".png")
    ]
    rows = read_rows(directory / "sweep.csv")
    assert [row["compute_budget"] for row in rows] == [0.5, 2.0]
    sweep = json.loads((directory / "sweep-00000007.json").read_text())
    assert sweep["budgets"] == rows
    header, evaluated, dense = sweep["header"], sweep["evaluated"], sweep["dense"]
    assert header["command"].startswith("main.py --mode=sweep --checkpoint_dir=")
    assert {"hardware", "versions", "git_commit", "date"} <= set(header)
    assert (header["batch_size"], header["rounds"]) == (3, 2)
    assert evaluated["checkpoint"] == f"{tmp_path}/checkpoints/step-00000007"
    assert (evaluated["step"], evaluated["split"]) == (7, "test")
    for row in rows:
        assert row["flops_share"] == row["flops_mean"] / dense["flops"]
        assert row["speedup"] == dense["milliseconds"] / row["milliseconds"]
    assert "Sweep at step 7 on 5 images of shapes/test" in printed
    assert f"{rows[1]['flops_mean'] / 1e6:.2f}" in printed
    with Image.open(directory / "sweep.png") as picture:
        assert np.asarray(picture.convert("L")).std() > 1


def test_dense_flops_are_those_of_the_vanilla_network(tmp_path):
    vanilla = varied_model("vanilla")
    images = np.zeros((2, 32, 32, 3), "float32")
    # SACT's networks are the vanilla ones but for what decides.
    _, dense = SweepMeasurements(varied_model("act"), [1.0]).time(images, rounds=1)
    assert dense["flops"] == vanilla(images)["flops"][0]


@pytest.mark.parametrize(
    ("model_type", "arguments"), [("vanilla", {}), ("dynconv", {"budget": -1})]
)
def test_a_network_without_decisions_is_refused(run, tmp_path, model_type, arguments):
    path = tmp_path / "some.weights.h5"
    varied_model(model_type, **arguments).save_weights(path)
    code, printed, errors = run(
        *("--dataset=shapes", "--model=1_2_1", "--base_channels=4"),
        f"--model_type={model_type}",
        *(f"--{name}={value}" for name, value in arguments.items()),
        f"--checkpoint_dir={path}",
    )
    assert (code, printed) == (2, "")
    message = errors.splitlines()[-1]
    assert "--mode=sweep needs a network that decides about residual units" in message
    assert f"Received: --model_type={model_type}" in message
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (
            ("--compute_budgets=1,-0.5",),
            "--compute_budgets must be numbers of at least",
        ),
        (("--compute_budgets=lots",), "Received: compute_budgets=lots"),
        (("--compute_budgets=nan",), "--compute_budgets must be numbers of at least"),
        (
            ("--force_rate=0.5",),
            "--force_rate has a meaning for --mode=benchmark alone",
        ),
        (("--finetune_path=x",), "--mode=sweep does not take it"),
    ],
)
def test_what_cannot_be_meant(run, tmp_path, flags, said):
    code, printed, errors = run(f"--checkpoint_dir={tmp_path}", *flags)
    assert (code, printed) == (2, "")
    assert said in errors.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_a_sweep_is_of_a_checkpoint(run, tmp_path):
    code, _, errors = run()
    assert code == 2
    assert "--mode=sweep needs --checkpoint_dir" in errors
    code, _, errors = run(f"--checkpoint_dir={tmp_path / 'none'}")
    assert code == 1
    assert "no checkpoint at" in errors
