"""The program as its users start it."""

import json
import os
import subprocess
import sys

import pytest


def run_main(project_root, *arguments, cwd=None):
    return subprocess.run(
        [sys.executable, str(project_root / "main.py"), *arguments],
        cwd=cwd or project_root,
        env={**os.environ, "PYTHONPATH": str(project_root)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def error_of(finished):
    """The one line in which a run says what stopped it."""
    assert "Traceback" not in finished.stderr
    lines = [line for line in finished.stderr.splitlines() if "error:" in line]
    assert len(lines) == 1, finished.stderr
    return lines[0]


TINY = (
    "--dataset=shapes",
    "--model_type=sact",
    "--tau=0.01",
    "--model=1",
    "--batch_size=8",
    "--num_examples=30",
    "--jit_compile=false",
)


@pytest.fixture(scope="module")
def trained(project_root, tmp_path_factory):
    """A run of four steps, started without a word about its directory."""
    cwd = tmp_path_factory.mktemp("cwd")
    finished = run_main(project_root, *TINY, "--max_number_of_steps=4", cwd=cwd)
    assert finished.returncode == 0, finished.stderr
    return finished, cwd / "runs" / "shapes_sact_1_tau0.01"


def test_trains_and_evaluates(trained):
    finished, directory = trained
    printed = finished.stdout.splitlines()
    assert "at step 4 on 30 images of shapes/test" in printed[0]
    names = [line.split("[")[0] for line in printed[1:]]
    assert names[0] == "eval/Accuracy"
    assert {
        "Total Flops/mean",
        "Total Flops/std",
        "block_1/ponder_cost_mean",
        "block_3/num_units_std",
    } <= set(names)
    results = json.loads((directory / "eval" / "eval.json").read_text())
    assert results["step"] == 4
    assert list(results["values"]) == names
    assert "step 4/4" in finished.stderr


def test_evaluation_knows_the_run_from_its_directory(project_root, trained):
    first, directory = trained
    finished = run_main(
        project_root,
        *("--mode=eval", f"--checkpoint_dir={directory}", "--num_examples=30"),
        *("--jit_compile=false", f"--eval_dir={directory / 'again'}"),
    )
    assert finished.returncode == 0, finished.stderr
    # It is over by itself: the training's last step is evaluated. The same numbers.
    assert finished.stdout.splitlines()[1:] == first.stdout.splitlines()[1:]
    assert (directory / "again" / "eval-00000004.json").exists()


def test_a_run_is_not_continued_as_another(project_root, trained):
    _, directory = trained
    before = sorted(directory.rglob("*"))
    finished = run_main(
        project_root,
        *TINY,
        *("--tau=0.5", "--max_number_of_steps=4", f"--train_log_dir={directory}"),
    )
    assert finished.returncode == 2
    assert "--tau was 0.01 and is now 0.5" in error_of(finished)
    assert sorted(directory.rglob("*")) == before


@pytest.mark.parametrize(
    "argument", ["--tau=-1", "--model=0", "--model=5_5", "--no_such_flag"]
)
def test_what_cannot_be_meant_ends_at_once(project_root, tmp_path, argument):
    finished = run_main(project_root, "--model_type=sact", argument, cwd=tmp_path)
    assert finished.returncode == 2
    assert argument.split("=")[0].removeprefix("--") in error_of(finished)
    assert finished.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_an_unwritable_log_directory(project_root, tmp_path):
    (tmp_path / "file").write_text("in the way")
    directory = tmp_path / "file" / "run"
    finished = run_main(project_root, *TINY, f"--train_log_dir={directory}")
    assert finished.returncode == 1
    assert str(directory) in error_of(finished)


def test_a_checkpoint_directory_without_a_checkpoint(project_root, tmp_path):
    finished = run_main(project_root, "--mode=eval", f"--checkpoint_dir={tmp_path}")
    assert finished.returncode == 1
    assert str(tmp_path) in error_of(finished)
    assert list(tmp_path.iterdir()) == []


def test_a_directory_without_the_data_set(project_root, tmp_path):
    data, run = tmp_path / "data", tmp_path / "run"
    data.write_text("a file, where a directory should be")
    finished = run_main(
        project_root,
        "--dataset=cifar10",
        f"--dataset_dir={data}",
        f"--train_log_dir={run}",
    )
    assert finished.returncode == 1
    assert str(data) in error_of(finished)
    assert not run.exists()


def test_real_images(project_root, shared_dir, tmp_path):
    """CIFAR-10 in TF-Slim's format, a few steps."""
    finished = run_main(
        project_root,
        *("--model_type=act", "--tau=0.01", "--model=1", "--batch_size=8"),
        f"--dataset_dir={shared_dir / 'data' / 'slim' / 'cifar10'}",
        *("--max_number_of_steps=2", "--num_examples=10", "--jit_compile=false"),
        f"--train_log_dir={tmp_path / 'run'}",
    )
    assert finished.returncode == 0, finished.stderr
    assert "on 10 images of cifar10/test" in finished.stdout
