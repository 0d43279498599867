"""The program as its users start it."""

import json
import os
import shlex
import subprocess
import sys
import time

import h5py
import numpy as np
import pytest

from sact_keras.training.command_line import main


def run_main(project_root, *arguments, cwd=None, env=os.environ):
    return subprocess.run(
        [sys.executable, str(project_root / "main.py"), *arguments],
        cwd=cwd or project_root,
        env={**env, "PYTHONPATH": str(project_root)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def run_here(capsys, *arguments):
    """The same in this process: a start of its own takes seconds."""
    code = main(["main.py", *arguments])
    printed = capsys.readouterr()
    return subprocess.CompletedProcess(arguments, code, printed.out, printed.err)


@pytest.fixture(scope="module")
def offline(tmp_path_factory):
    """The environment of a user with no settings, and of a machine without data and
    without a network."""
    settings = ("TF_CPP_MIN_LOG_LEVEL", "TFDS_DATA_DIR", "no_proxy", "NO_PROXY")
    kept = {name: value for name, value in os.environ.items() if name not in settings}
    # A port at which nothing listens: the request ends before it leaves the machine.
    proxies = dict.fromkeys(("https_proxy", "HTTPS_PROXY"), "http://127.0.0.1:9")
    return {**kept, **proxies, "HOME": str(tmp_path_factory.mktemp("home"))}


def error_of(finished):
    """The one line in which a run says what stopped it."""
    assert "Traceback" not in finished.stderr
    lines = [line for line in finished.stderr.splitlines() if "error:" in line]
    assert len(lines) == 1, finished.stderr
    return lines[0]


TINY = (
    "--model_type=sact",
    "--tau=0.01",
    "--model=1",
    "--batch_size=8",
    "--num_examples=30",
    "--jit_compile=false",
    "--max_number_of_steps=4",
)


@pytest.fixture(scope="module")
def trained(project_root, tmp_path_factory, offline):
    """A run of four steps, started without a word about its data and its directory.

    Returns:
        What it printed, the seconds until it had said two lines, and its directory.
    """
    cwd = tmp_path_factory.mktemp("cwd")
    begin = time.monotonic()
    with subprocess.Popen(
        [sys.executable, str(project_root / "main.py"), *TINY],
        cwd=cwd,
        env=offline,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        said = "".join(process.stderr.readline() for _ in range(2))
        decided = time.monotonic() - begin
        said, printed = said + process.stderr.read(), process.stdout.read()
    assert process.returncode == 0, said
    finished = subprocess.CompletedProcess(TINY, 0, printed, said)
    return finished, decided, cwd / "runs" / "shapes_sact_1_tau0.01"


def test_trains_and_evaluates(trained):
    finished, _, directory = trained
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


def test_falls_back_to_shapes_at_once_and_loudly(trained):
    finished, decided, _ = trained
    assert decided < 15
    frame, notice, *_ = finished.stderr.splitlines()
    assert frame == "*" * 80
    assert "CIFAR-10 IS NOT USED" in notice
    # Whatever line it is broken at.
    assert "cannot be downloaded" in " ".join(finished.stderr.replace("*", "").split())
    # Nothing but our own words: no notices of TensorFlow about the machine.
    for noise in ("Warning", "WARNING", "I0000", "oneDNN", "cuda"):
        assert noise not in finished.stderr


@pytest.mark.slow
def test_evaluation_knows_the_run_from_its_directory(project_root, trained):
    first, _, directory = trained
    finished = run_main(
        project_root,
        *("--mode=eval", f"--checkpoint_dir={directory}", "--num_examples=30"),
        *("--jit_compile=false", f"--eval_dir={directory / 'again'}"),
    )
    assert finished.returncode == 0, finished.stderr
    # It is over by itself: the training's last step is evaluated. The same numbers.
    assert finished.stdout.splitlines()[1:] == first.stdout.splitlines()[1:]
    assert (directory / "again" / "eval-00000004.json").exists()


def test_a_run_is_not_continued_as_another(trained, capsys):
    *_, directory = trained
    before = sorted(directory.rglob("*"))
    flags = ("--dataset=shapes", *TINY, "--tau=0.5", f"--train_log_dir={directory}")
    finished = run_here(capsys, *flags)
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


@pytest.mark.fast_with("arguments0", "arguments2")
@pytest.mark.parametrize(
    "arguments",
    [
        ("--penalty=1", "--stage=finetune"),
        ("--stage=finetune", "--dataset=shapes"),
        ("--policy_path=x", "--stage=curriculum"),
    ],
)
def test_a_stage_that_cannot_be_meant_ends_before_anything_is_written(
    project_root, tmp_path, arguments
):
    flags = ("--model_type=blockdrop", *arguments)
    finished = run_main(project_root, *flags, cwd=tmp_path)
    assert finished.returncode == 2
    assert arguments[0] in error_of(finished)
    assert finished.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_an_unwritable_log_directory(tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    directory = tmp_path / "file" / "run"
    flags = ("--dataset=shapes", *TINY, f"--train_log_dir={directory}")
    finished = run_here(capsys, *flags)
    assert finished.returncode == 1
    assert str(directory) in error_of(finished)


def test_a_checkpoint_directory_without_a_checkpoint(tmp_path, capsys):
    finished = run_here(capsys, "--mode=eval", f"--checkpoint_dir={tmp_path}")
    assert finished.returncode == 1
    assert str(tmp_path) in error_of(finished)
    assert list(tmp_path.iterdir()) == []


def test_a_directory_without_the_data_set(tmp_path, capsys):
    data, run = tmp_path / "data", tmp_path / "run"
    data.write_text("a file, where a directory should be")
    finished = run_here(
        capsys,
        "--dataset=cifar10",
        f"--dataset_dir={data}",
        f"--train_log_dir={run}",
    )
    assert finished.returncode == 1
    assert str(data) in error_of(finished)
    assert not run.exists()


def test_cifar10_by_name_is_never_replaced(project_root, tmp_path, offline):
    finished = run_main(project_root, "--dataset=cifar10", cwd=tmp_path, env=offline)
    assert finished.returncode == 1
    assert "cannot be downloaded" in error_of(finished)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_config_json_repeats_the_run(project_root, trained, tmp_path):
    """Its command line gives the same weights and the same numbers elsewhere."""
    first, _, directory = trained
    config = json.loads((directory / "config.json").read_text())
    _, script, *flags = shlex.split(config["command"])
    assert script == "main.py"
    again = tmp_path / "again"
    finished = run_main(project_root, *flags, f"--train_log_dir={again}")
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.splitlines()[1:] == first.stdout.splitlines()[1:]
    weights = "checkpoints/step-00000004/model.weights.h5"
    with h5py.File(directory / weights) as one, h5py.File(again / weights) as other:
        names = []
        one.visit(names.append)
        for name in names:
            if isinstance(one[name], h5py.Dataset):
                np.testing.assert_array_equal(one[name][()], other[name][()], name)
    assert len(names) > 20


@pytest.mark.parametrize("arguments", ["--help", "--model=0 2>&1"])
def test_a_reader_that_leaves_early_sees_no_traceback(project_root, arguments):
    command = f"{shlex.quote(sys.executable)} main.py {arguments} | true"
    finished = subprocess.run(
        ["bash", "-c", command],
        cwd=project_root,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (finished.stdout, finished.stderr) == ("", "")


@pytest.mark.slow
def test_real_images(shared_dir, tmp_path, capsys):
    """CIFAR-10 in TF-Slim's format, a few steps."""
    finished = run_here(
        capsys,
        *("--model_type=act", "--tau=0.01", "--model=1", "--batch_size=8"),
        f"--dataset_dir={shared_dir / 'data' / 'slim' / 'cifar10'}",
        *("--max_number_of_steps=2", "--num_examples=10", "--jit_compile=false"),
        f"--train_log_dir={tmp_path / 'run'}",
    )
    assert finished.returncode == 0, finished.stderr
    assert "on 10 images of cifar10/test" in finished.stdout
