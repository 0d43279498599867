"""`python -m export.pretrained`, in this process: a start takes seconds."""

import json

import keras
import numpy as np
import pytest
from tiny_checkpoints import TinyCheckpoints, use_tiny_data

import sact_keras
from export.pretrained import PRETRAINED
from export.pretrained_export import commands_of
from sact_keras.training.command_line import main
from sact_keras.training.run_config import RunConfig


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    return TinyCheckpoints(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture(autouse=True)
def tiny_data(monkeypatch):
    use_tiny_data(monkeypatch)


@pytest.fixture
def run(capsys):
    """A function from flags to (exit code, standard output, standard error)."""

    def start(*flags):
        code = PRETRAINED(["export.pretrained", *map(str, flags)])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return start


@pytest.mark.fast_with("sact")
@pytest.mark.parametrize("model_type", ["vanilla", "sact", "dynconv"])
def test_what_is_written_evaluates_as_it_says(run, checkpoints, tmp_path, model_type):
    directory = tmp_path / "nets" / "small"
    code, printed, _ = run(
        f"--checkpoint_dir={checkpoints(model_type)}",
        f"--output_dir={directory}",
        "--dataset=shapes",
    )
    assert code == 0
    assert printed.rstrip().endswith(str(directory))
    names = {"checkpoint.json", "config.json", "metrics.json", "model.weights.h5"}
    assert {path.name for path in directory.iterdir()} == names
    metrics = json.loads((directory / "metrics.json").read_text())
    assert metrics["checkpoint"] == "small"
    code = main(
        [
            "main.py",
            "--mode=eval",
            f"--checkpoint_dir={directory}",
            f"--eval_dir={tmp_path / 'eval'}",
        ]
    )
    assert code == 0
    found = json.loads((tmp_path / "eval" / "eval.json").read_text())
    assert found["values"] == metrics["values"]
    # Nothing was written beside what is shipped.
    assert {path.name for path in directory.iterdir()} == names
    units = 6 if model_type == "vanilla" else metrics["executed_units"]
    assert metrics["executed_units"] == units
    assert 0 < units <= 6


def test_kernels_are_rounded_to_float16_and_nothing_else(run, checkpoints, tmp_path):
    source, directory = checkpoints("sact"), tmp_path / "small"
    assert run(
        f"--checkpoint_dir={source}", f"--output_dir={directory}", "--dataset=shapes"
    )[:1] == (0,)
    before = keras.models.load_model(source)
    after = sact_keras.build_model("sact", "shapes", model="2", base_channels=4)
    sact_keras.load_checkpoint(after, directory)
    for old, new in zip(before.weights, after.weights, strict=True):
        expected = old.numpy()
        if expected.ndim >= 2:
            expected = expected.astype("float16").astype("float32")
        np.testing.assert_array_equal(new.numpy(), expected, err_msg=old.path)


def test_what_is_there_is_kept_unless_told_otherwise(run, checkpoints, tmp_path):
    flags = [f"--checkpoint_dir={checkpoints('vanilla')}", "--dataset=shapes"]
    flags.append(f"--output_dir={tmp_path}")
    (tmp_path / "mine").write_text("")
    code, _, error = run(*flags)
    assert code == 2
    assert "--output_dir must not exist" in error
    assert (tmp_path / "mine").exists()
    assert run(*flags, "--overwrite", "--kernel_dtype=float32")[0] == 0
    assert not (tmp_path / "mine").exists()
    assert (tmp_path / "metrics.json").exists()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--output_dir=x"], "--checkpoint_dir"),
        (["--checkpoint_dir=x"], "--output_dir must say where"),
        (["--checkpoint_dir=x", "--output_dir=y", "--kernel_dtype=int8"], "int8"),
    ],
)
def test_flags_that_cannot_be_meant(run, flags, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, error = run(*flags)
    assert code == 2
    assert said in error
    assert not list(tmp_path.iterdir())


def test_the_commands_of_a_run_begin_with_those_of_what_it_started_from(tmp_path):
    for name, start in (("first", None), ("second", "first")):
        directory = tmp_path / name
        directory.mkdir()
        flags = {"finetune_path": start and str(tmp_path / start)}
        argv = ["/somewhere/main.py", f"--seed={len(name)}", "--dataset_dir=/data"]
        RunConfig(flags, {"flags": flags, "argv": argv}).write(directory)
    assert commands_of(tmp_path / "second") == [
        "python main.py --seed=5",
        "python main.py --seed=6",
    ]
    assert commands_of(tmp_path) == []
