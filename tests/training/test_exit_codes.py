"""Exit codes and what is said, without a process of its own for each."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_training import TinyDataset, tiny_model

from sact_keras.checkpoints.store import CheckpointStore
from sact_keras.training import driver
from sact_keras.training.command_line import main

_A = "a.weights.h5"
TINY = ("--dataset=shapes", "--model=1", "--batch_size=8", "--eval_batch_size=24")


@pytest.fixture
def tiny_data(monkeypatch):
    monkeypatch.setattr(driver, "open_dataset", lambda *names, **options: TinyDataset())


@pytest.fixture
def run(tiny_data, capsys):
    """A function from flags to (exit code, standard output, standard error)."""

    def start(*flags):
        code = main(["main.py", *flags])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return start


def test_a_loss_that_is_not_finite(run, tmp_path):
    code, _, errors = run(
        *TINY,
        *("--model_type=sact", "--max_number_of_steps=20", "--learning_rate=1e30"),
        f"--train_log_dir={tmp_path}",
    )
    assert code == 1
    last = CheckpointStore(tmp_path / "checkpoints").latest()
    assert last.step == 0
    assert "is nan at step 2 of 20" in errors.splitlines()[-1]
    assert str(last.path) in errors.splitlines()[-1]


def test_a_checkpoint_of_another_architecture(run, tmp_path):
    steps = "--max_number_of_steps=1"
    code, _, _ = run(*TINY, steps, "--mode=train", f"--train_log_dir={tmp_path}")
    assert code == 0
    before = sorted(tmp_path.rglob("*"))
    code, printed, errors = run(
        "--mode=eval", f"--checkpoint_dir={tmp_path}", "--model=1_2_1"
    )
    assert (code, printed) == (1, "")
    assert "Traceback" not in errors
    lines = errors[errors.index("main.py: error: ") :].splitlines()
    assert "model.weights.h5 (vanilla, CIFAR, units 1_1_1)" in lines[0]
    assert lines[0].endswith("does not fit the model (vanilla, CIFAR, units 1_2_1):")
    assert lines[1].startswith("  missing in the checkpoint (11): block_2/unit_2/")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_finished_run_says_so_and_is_evaluated_again(run, tmp_path):
    flags = (*TINY, "--max_number_of_steps=1", f"--train_log_dir={tmp_path}")
    code, first, _ = run(*flags)
    assert code == 0
    code, again, errors = run(*flags)
    assert (code, again) == (0, first)
    assert "step 1/1" not in errors


@pytest.mark.slow
def test_one_of_a_runs_checkpoints_is_evaluated_into_the_run(run, tmp_path):
    """Not into the checkpoint's directory, which the training may remove."""
    run(*TINY, "--max_number_of_steps=2", "--mode=train", f"--train_log_dir={tmp_path}")
    best = tmp_path / "checkpoints" / "best"
    code, _, _ = run("--mode=eval", f"--checkpoint_dir={best}")
    assert code == 0
    assert json.loads((tmp_path / "eval" / "eval.json").read_text())["step"] in (1, 2)
    assert sorted(path.name for path in best.iterdir()) == [
        "checkpoint.json",
        "model.weights.h5",
    ]


def test_other_flags_after_a_run_that_saved_nothing(run, tmp_path):
    (tmp_path / "config.json").write_text(
        json.dumps({"flags": {"dataset": "shapes", "learning_rate": 1e30}})
    )
    flags = (*TINY, "--max_number_of_steps=1", "--mode=train")
    code, _, _ = run(*flags, f"--train_log_dir={tmp_path}")
    assert code == 0
    flags = json.loads((tmp_path / "config.json").read_text())["flags"]
    assert flags["learning_rate"] == 0.1


def test_an_unwritable_directory_names_the_flag(run, tmp_path, monkeypatch):
    def refuse(**arguments):
        raise PermissionError(13, "Permission denied", str(tmp_path))

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    for flag in ("--train_log_dir", "--eval_dir"):
        directory = tmp_path / "not_mine"
        others = () if flag == "--train_log_dir" else (f"--train_log_dir={directory}",)
        code, _, errors = run(*TINY, *others, f"{flag}={directory}")
        assert code == 1
        assert f"Received: {directory} (Permission denied)" in errors
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_what_is_printed_finds_no_space(project_root):
    with Path("/dev/full").open("w") as full:
        finished = subprocess.run(
            [sys.executable, "main.py", "--help"],
            cwd=project_root,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert finished.returncode == 1
    assert finished.stderr == (
        "main.py: error: [Errno 28] No space left on device: 'standard output'.\n"
    )


def original(shared_dir, name):
    path = shared_dir / "golden" / "sact" / name
    if not path.is_dir():
        pytest.skip(f"no golden case {name} at hand")
    return path


def test_an_originals_checkpoint_is_evaluated(run, shared_dir, tmp_path):
    code, printed, _ = run(
        *("--mode=eval", "--evaluate_once", "--model_type=sact", "--model=2"),
        f"--checkpoint_dir={original(shared_dir, 'v1')}",
        *("--dataset=shapes", f"--eval_dir={tmp_path}"),
    )
    assert code == 0
    assert "at step 1234 on 24 images of shapes/test" in printed
    values = json.loads((tmp_path / "eval-00001234.json").read_text())["values"]
    assert values["block_1/ponder_cost_std"] > 0


@pytest.mark.slow
def test_training_starts_from_an_originals_checkpoint(run, shared_dir, tmp_path):
    plain = original(shared_dir, "v3")
    flags = ("--dataset=shapes", "--batch_size=8", "--max_number_of_steps=1")
    code, _, errors = run(
        *flags,
        *("--mode=train", "--model_type=act", "--model=2"),
        *(f"--finetune_path={plain}", f"--train_log_dir={tmp_path / 'run'}"),
    )
    assert code == 0, errors
    code, _, errors = run(
        *flags,
        *("--mode=train", "--model_type=act", "--model=3"),
        *(f"--finetune_path={plain}", f"--train_log_dir={tmp_path / 'other'}"),
    )
    assert code == 1
    assert "block_1/unit_3" in errors
    assert not (tmp_path / "other").exists()


@pytest.mark.slow
def test_gates_are_trained_evaluated_otherwise_and_squeezed(run, tmp_path):
    directory, small = tmp_path / "run", tmp_path / "small.keras"
    code, printed, _ = run(
        *("--model_type=aig", "--target_rates=1,t,0.3", "--target_rate=0.4"),
        *(*TINY, "--max_number_of_steps=1", f"--train_log_dir={directory}"),
    )
    assert code == 0
    assert "eval/Gate_Rate[" in printed
    code, sampled, _ = run(
        *("--mode=eval", f"--checkpoint_dir={directory}", "--gate_eval=sample")
    )
    assert code == 0
    flags = ("--mode=squeeze", f"--checkpoint_dir={directory}")
    code, _, errors = run(*flags, "--target_rate=0.5")
    assert code == 2
    assert "--target_rate must be that of the checkpoint" in errors
    code, _, errors = run(*flags, f"--squeezed_path={small}")
    assert code == 0, errors
    code, printed, errors = run(
        *("--mode=eval", f"--checkpoint_dir={small}", "--dataset=shapes"),
        *("--gate_eval=sample", f"--eval_dir={tmp_path / 'again'}"),
    )
    assert code == 0, errors
    # What is sampled is a function of the seed.
    assert printed.splitlines()[1:] == sampled.splitlines()[1:]


@pytest.mark.parametrize(
    ("stage", "start", "code", "said"),
    [
        ("finetune", None, 2, "--stage=finetune needs a policy and the network"),
        ("curriculum", None, 2, "--stage=curriculum needs a trained network"),
        (None, None, 2, "--model_type=blockdrop is trained in stages"),
        ("finetune", "pretrain", 1, "a.weights.h5 holds no policy network: finetuning"),
        ("finetune", "deeper", 1, "decides about 6 residual units, the model has 3"),
        ("finetune", "nowhere", 1, "nowhere"),
    ],
)
def test_a_stage_that_cannot_start(
    run, tmp_path, monkeypatch, stage, start, code, said
):
    monkeypatch.chdir(tmp_path)
    flags = [*TINY, "--model_type=blockdrop", "--base_channels=4"]
    if stage is not None:
        flags.append(f"--stage={stage}")
    if start is not None:
        flags.append(f"--finetune_path={'nowhere' if start == 'nowhere' else _A}")
    if start == "pretrain":
        tiny_model("blockdrop", model="1", stage="pretrain").save_weights(_A)
    elif start == "deeper":
        tiny_model("blockdrop", model="2").save_weights(_A)
    before = sorted(tmp_path.rglob("*"))
    found, printed, errors = run(*flags)
    assert (found, printed) == (code, "")
    assert "Traceback" not in errors
    (line,) = [text for text in errors.splitlines() if "error:" in text]
    assert line.startswith("main.py: error: ")
    assert said in line
    assert errors.splitlines()[-1] == line
    assert sorted(tmp_path.rglob("*")) == before
