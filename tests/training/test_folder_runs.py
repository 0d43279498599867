"""Trainings on images of one's own, from the command line to what they leave."""

import dataclasses
import functools
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from folder_on_disk import CLASS_NAMES, write_folder
from tiny_training import tiny_model

from sact_keras.checkpoints.store import CheckpointStore
from sact_keras.training import benchmark
from sact_keras.training.command_line import main
from sact_keras.training.load_weights import load_weights
from sact_keras.training.options import Options
from sact_keras.training.run_config import RunConfig
from sact_keras.training.sweep_measurements import SweepMeasurements

TINY = (
    "--model_type=sact",
    *("--model=1_2_1", "--base_channels=4", "--image_size=16"),
    *("--batch_size=4", "--max_number_of_steps=4", "--save_interval_secs=0"),
    *("--eval_interval_steps=0", "--jit_compile=false"),
)


def run(capsys, *flags):
    """Runs the program here; returns its code, and what it printed and said."""
    capsys.readouterr()
    code = main(["main.py", *flags])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


@dataclasses.dataclass(frozen=True)
class Trained:
    """A training that is done: its folder, its directory and what it printed."""

    flowers: Path
    directory: Path
    printed: str

    @property
    def flags(self):
        """Its command line."""
        data = ("--dataset=folder", f"--dataset_dir={self.flowers}")
        return (*data, *TINY, f"--train_log_dir={self.directory}")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    root = tmp_path_factory.mktemp("own")
    flowers = write_folder(root / "flowers", ("train", "val"))
    found = Trained(flowers, root / "run", "")
    with pytest.MonkeyPatch.context() as patch:
        lines = []
        patch.setattr("builtins.print", lambda *text, **_: lines.extend(map(str, text)))
        assert main(["main.py", *found.flags]) == 0
    return dataclasses.replace(found, printed="\n".join(lines) + "\n")


def weights_of(directory):
    checkpoint = CheckpointStore(directory / "checkpoints").latest()
    model = tiny_model("sact", num_classes=len(CLASS_NAMES))
    load_weights(model, checkpoint.path)
    return checkpoint.step, [variable.numpy() for variable in model.weights]


def test_what_a_training_leaves(trained):
    assert "at step 4 on 6 images of folder/validation" in trained.printed
    config = RunConfig.read(trained.directory)
    assert config.class_names == CLASS_NAMES
    assert config.flags["split_name"] == "validation"
    assert config.flags["image_size"] == 16
    rates = json.loads((trained.directory / "eval" / "gate_rates.json").read_text())
    assert rates["dataset"] == "folder"
    assert set(CLASS_NAMES) <= set(json.dumps(rates).replace('"', " ").split())
    result = json.loads((trained.directory / "eval" / "eval.json").read_text())
    assert result["num_examples"] == 6


def test_it_goes_on_where_it_was(trained, tmp_path, capsys):
    step, weights = weights_of(trained.directory)
    assert step == 4
    again = tmp_path / "run"
    shutil.copytree(trained.directory, again, symlinks=True)
    shutil.rmtree(CheckpointStore(again / "checkpoints").latest().path)
    assert CheckpointStore(again / "checkpoints").latest().step == 3
    flags = (*trained.flags[:-1], f"--train_log_dir={again}")
    code, _, said = run(capsys, *flags, "--mode=train")
    assert code == 0, said
    step, resumed = weights_of(again)
    assert step == 4
    for found, expected in zip(resumed, weights, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_its_evaluation_knows_everything_from_its_directory(trained, tmp_path, capsys):
    code, printed, said = run(
        capsys,
        *("--mode=eval", f"--checkpoint_dir={trained.directory}"),
        *(f"--eval_dir={tmp_path}", "--jit_compile=false"),
    )
    assert code == 0, said
    assert printed == trained.printed


@pytest.mark.slow
def test_a_sweep(trained, tmp_path, capsys, monkeypatch):
    measure = functools.partialmethod(SweepMeasurements.time, turn_seconds=0)
    monkeypatch.setattr(SweepMeasurements, "time", measure)
    code, _, said = run(
        capsys,
        *("--mode=sweep", f"--checkpoint_dir={trained.directory}"),
        *(f"--eval_dir={tmp_path}", "--compute_budgets=0,1", "--benchmark_rounds=1"),
        "--eval_batch_size=3",
    )
    assert code == 0, said
    sweep = json.loads((tmp_path / "sweep.json").read_text())
    assert sweep["evaluated"]["split"] == "validation"
    assert [row["num_examples"] for row in sweep["budgets"]] == [6, 6]
    assert sweep["header"]["image_size"] == [16, 16]


@pytest.mark.parametrize("named", [False, True])
def test_a_benchmark(trained, tmp_path, capsys, monkeypatch, named):
    """Of random images, or of the folder's; of either the classes are the network's."""
    measured = []

    def measure(model, images, *arguments, **others):
        measured.append((model, images))
        return {"header": {"image_size": [1, 1]}, "cases": []}

    monkeypatch.setattr(benchmark, "benchmark", measure)
    monkeypatch.setattr(benchmark, "_write", lambda *result: None)
    flags = ("--mode=benchmark", f"--checkpoint_dir={trained.directory}")
    images = ("--split_name=train",) if named else ()
    code, printed, said = run(capsys, *flags, *images, f"--eval_dir={tmp_path}")
    assert code == 0, said
    ((model, found),) = measured
    assert model.num_classes == len(CLASS_NAMES)
    assert found.shape == (12 if named else 32, 16, 16, 3)
    assert f"images: {'folder/train' if named else 'random, 16x16'}" in printed + said


def test_fresh_weights_for_no_folder_have_no_classes(tmp_path, capsys):
    flags = ("--mode=benchmark", "--dataset=folder", f"--eval_dir={tmp_path}")
    code, _, said = run(capsys, *flags)
    assert code == 2
    assert "--dataset=folder needs --dataset_dir" in said


def test_squeezing(trained, tmp_path, capsys):
    small, smaller = tmp_path / "small.weights.h5", tmp_path / "smaller.weights.h5"
    flags = ("--mode=squeeze", f"--squeezed_path={small}")
    assert run(capsys, *flags, f"--checkpoint_dir={trained.directory}")[0] == 0
    # It does not say what it is of: the flags do, and the folder for the classes.
    flags = ("--mode=squeeze", f"--squeezed_path={smaller}", "--model_type=sact")
    flags += ("--dataset=folder", "--model=1_2_1", "--base_channels=4")
    code, _, said = run(capsys, *flags, f"--checkpoint_dir={small}")
    assert code == 2
    assert "needs --dataset_dir for a checkpoint that does not say" in said
    folder = f"--dataset_dir={trained.flowers}"
    code, _, said = run(capsys, *flags, f"--checkpoint_dir={small}", folder)
    assert code == 0, said
    assert smaller.exists()


def test_no_run_goes_on_with_other_classes(trained, tmp_path, capsys):
    """Neither its training nor its evaluation, though they be as many."""
    other = write_folder(tmp_path / "other", ("train", "val"), ("a", "b", "c"))
    before = sorted(trained.directory.rglob("*"))
    flags = [f for f in trained.flags if not f.startswith("--dataset_dir")]
    for command in (
        (*flags, f"--dataset_dir={other}"),
        (
            *("--mode=eval", "--evaluate_once", f"--dataset_dir={other}"),
            f"--checkpoint_dir={trained.directory}",
        ),
    ):
        code, printed, said = run(capsys, *command)
        assert (code, printed) == (1, "")
        assert "daisy, rose, tulip. Received: a, b, c" in said
    assert sorted(trained.directory.rglob("*")) == before


def test_a_run_knows_its_folder(trained, capsys):
    flags = [f for f in trained.flags if not f.startswith("--dataset")]
    code, printed, said = run(capsys, *flags)
    assert (code, printed) == (0, trained.printed), said


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        ((), 2, "--dataset=folder needs --dataset_dir, the folder with the images"),
        (("--dataset_dir=absent",), 1, "absent: cannot be read: No such file"),
        (("--dataset_dir=own",), 1, "must have the split 'test' to evaluate on. Rec"),
        (("--dataset_dir=own", "--split_name=validation"), 1, "the split 'validation'"),
        (("--dataset_dir=own", "--image_size=20000"), 1, "choose a smaller image size"),
    ],
)
def test_what_cannot_be_trained_on(tmp_path, monkeypatch, capsys, flags, code, said):
    monkeypatch.chdir(tmp_path)
    write_folder(tmp_path / "own", ("train",))
    split = () if "size" not in said else ("--split_name=train",)
    found, printed, errors = run(capsys, "--dataset=folder", *flags, *split)
    assert (found, printed) == (code, "")
    assert said in errors
    assert "Traceback" not in errors
    assert [path.name for path in tmp_path.iterdir()] == ["own"]


def test_a_bad_image_ends_it_before_anything_is_written(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_folder(tmp_path / "own")
    for place in ("train/rose/bad.jpg", "test/rose/bad.jpg"):
        (tmp_path / "own" / place).write_text("no image")
        code, _, errors = run(
            capsys, "--dataset=folder", "--dataset_dir=own", "--model=1"
        )
        assert code == 1
        assert f"own/{place}: the image is neither JPEG nor PNG" in errors
        assert [path.name for path in tmp_path.iterdir()] == ["own"]
        (tmp_path / "own" / place).unlink()


def test_bad_images_are_left_out_of_an_evaluation(trained, tmp_path, capsys, caplog):
    flowers = tmp_path / "flowers"
    shutil.copytree(trained.flowers, flowers)
    (flowers / "val/rose/bad.png").write_text("no image")
    flags = ("--mode=eval", "--evaluate_once", f"--checkpoint_dir={trained.directory}")
    flags += (f"--dataset_dir={flowers}", f"--eval_dir={tmp_path}/eval")
    flags += ("--skip_bad_records", "--jit_compile=false")
    code, printed, said = run(capsys, *flags)
    assert code == 0, said
    assert "on 6 images of folder/validation, without 1 bad record" in printed
    assert "Bad records skipped: 1" in caplog.messages
    assert printed.splitlines()[1:] == trained.printed.splitlines()[1:]


def test_a_folder_gives_a_run_its_name():
    options = Options(dataset="folder", dataset_dir="data/flowers/", model_type="sact")
    names = [
        options.replace(**changes).resolve_model().default_log_dir()
        for changes in ({}, {"image_size": 32}, {"image_size": 48})
    ]
    usual = "runs/flowers_sact_5_tau0.01"
    assert names == [usual, usual, f"{usual}_48px"]
