"""A system that wants its machine back sends SIGTERM, and kills after 30 seconds."""

import contextlib
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest
from disturbed_runs import disturbed_runs
from killed_modes import MODES
from left_behind import check_whole

from sact_keras.checkpoints.store import CheckpointStore
from sact_keras.training.metrics_file import MetricsFile

pytestmark = pytest.mark.torture

NUM_SIGNALS = int(os.environ.get("SACT_SIGNALS", "48"))
SEED = int(os.environ.get("SACT_KILL_SEED", "0"))
GRACE_SECONDS = 30
SHAPES = ("main.py", "--mode=train", "--dataset=shapes", "--model_type=sact")


@pytest.fixture(scope="module")
def runs(project_root, tmp_path_factory):
    with disturbed_runs(project_root, tmp_path_factory.mktemp("runs")) as runs:
        yield runs


@pytest.mark.parametrize("name", MODES)
def test_signals_at_any_moment(runs, tmp_path, survived, name):
    generator = random.Random(f"{SEED} {name}")
    numbers = itertools.cycle((signal.SIGTERM, signal.SIGINT))
    for number in itertools.islice(numbers, -(-NUM_SIGNALS // len(MODES))):
        finished, seconds = runs.signalled(name, tmp_path, number, generator)
        check_end(finished.code, finished.err, number, seconds, may_have_ended=True)
        check_whole(tmp_path)
        survived(f"{signal.Signals(number).name} in {name}")
    finished = runs.run(name, tmp_path)
    assert finished.code == 0, finished.err
    runs.check_result(name, tmp_path)


def test_an_evaluation_that_waits_for_checkpoints(runs, tmp_path, survived):
    """It is stopped and killed while it waits, and then goes on with the last one."""
    run, out, last = tmp_path / "run", tmp_path / "out", "checkpoints/step-00000008"
    shutil.copytree(runs.whole("train").directory, run, symlinks=True)
    (run / last).rename(tmp_path / "to_come")
    command = (
        *("main.py", "--mode=eval", "--dataset=shapes", "--eval_interval_secs=0.1"),
        *(f"--checkpoint_dir={run}", f"--eval_dir={out}"),
    )
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGINT):
        pid = runs.programs.start(*command)
        while not (out / "eval.json").exists() or (
            "No new checkpoint" not in runs.programs.texts()[1]
        ):
            time.sleep(0.05)
        begin = time.monotonic()
        os.kill(pid, number)
        finished = runs.programs.wait()
        if number == signal.SIGKILL:
            assert finished.code == -signal.SIGKILL
        else:
            seconds = time.monotonic() - begin
            check_end(finished.code, finished.err, number, seconds)
        check_whole(out)
        shutil.rmtree(out)
        survived(f"{signal.Signals(number).name} while waiting for checkpoints")
    (tmp_path / "to_come").rename(run / last)
    finished = runs.programs(*command)
    assert finished.code == 0, finished.err
    assert json.loads((out / "eval.json").read_text())["step"] == 8
    check_whole(out)


def check_end(code, errors, number, seconds, may_have_ended=False):
    """Checks that a program has ended as it should after a signal."""
    assert "Traceback" not in errors, errors
    assert "Exception ignored" not in errors, errors
    # Before the first lines of the program, and after its last, Python ends by the
    # signal itself, of which a shell says the same.
    assert code in {128 + number, -number} | ({0} if may_have_ended else set()), errors
    assert seconds < GRACE_SECONDS


@contextlib.contextmanager
def started(project_root, *arguments):
    """A program in a process of its own, with all its imports."""
    with subprocess.Popen(
        [sys.executable, *arguments],
        cwd=project_root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def end(process, number):
    """Sends a signal, and checks how the program ends; returns what it has said."""
    begin = time.monotonic()
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    check_end(process.returncode, errors, number, time.monotonic() - begin)
    return errors


@pytest.mark.parametrize("program", ["main.py", "export.saved_model"])
@pytest.mark.parametrize("seconds", [0.4, 0.8, 1.5, 3.0])
def test_while_tensorflow_is_imported(
    project_root, tmp_path, survived, program, seconds
):
    flags = {
        "main.py": (*SHAPES, f"--train_log_dir={tmp_path}/run"),
        "export.saved_model": (
            *("-m", "export.saved_model", f"--checkpoint_dir={tmp_path}"),
            f"--export_dir={tmp_path}/exported",
        ),
    }
    with started(project_root, *flags[program]) as process:
        time.sleep(seconds)
        end(process, signal.SIGTERM)
    survived("SIGTERM while TensorFlow is imported")


def wait_until(process, path, condition):
    """Waits until a program has written a file of which something is true."""
    while not (path.exists() and condition(path)):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)


def test_while_a_first_step_is_compiled_for_longer_than_there_is_time(
    project_root, tmp_path, survived
):
    flags = (*SHAPES, "--model=18", "--jit_compile=true", f"--train_log_dir={tmp_path}")
    with started(project_root, *flags) as process:
        checkpoint = tmp_path / "checkpoints" / "step-00000000"
        wait_until(process, checkpoint, lambda path: True)
        time.sleep(15)
        errors = end(process, signal.SIGTERM)
    assert "main.py: not ended 25 s after signal 15: ends now" in errors
    check_whole(tmp_path)
    assert CheckpointStore(tmp_path / "checkpoints").latest().step == 0
    survived("SIGTERM while a step is compiled")


def test_during_an_evaluation_amid_the_training(project_root, tmp_path, survived):
    flags = (
        *(*SHAPES, "--model=5", "--batch_size=8", "--eval_batch_size=50"),
        *("--eval_interval_steps=10", f"--train_log_dir={tmp_path}"),
    )
    metrics = MetricsFile(tmp_path / "metrics.jsonl")
    with started(project_root, *flags) as process:
        # The line before the evaluation.
        wait_until(process, metrics.path, lambda path: metrics.read())
        time.sleep(3)
        end(process, signal.SIGTERM)
    assert CheckpointStore(tmp_path / "checkpoints").latest().step == 10
    assert not metrics.has_evaluation(10)
    flags = (*flags, "--num_examples=50")
    with started(project_root, *flags) as process:
        # It is made up for.
        wait_until(process, metrics.path, lambda path: metrics.has_evaluation(10))
        end(process, signal.SIGTERM)
    places = [(line["step"], line["split"]) for line in metrics.read()]
    assert places[:2] == [(10, "train"), (10, "test")]
    check_whole(tmp_path)
    survived("SIGTERM during an evaluation amid the training")


def test_a_second_signal_does_not_wait(project_root, tmp_path, survived):
    flags = (*SHAPES, "--model=18", "--jit_compile=true", f"--train_log_dir={tmp_path}")
    with started(project_root, *flags) as process:
        checkpoint = tmp_path / "checkpoints" / "step-00000000"
        wait_until(process, checkpoint, lambda path: True)
        time.sleep(10)
        process.send_signal(signal.SIGINT)
        time.sleep(2)
        begin = time.monotonic()
        errors = end(process, signal.SIGINT)
        assert time.monotonic() - begin < 2
    assert "a second signal, 2: ends now" in errors
    survived("two SIGINTs while a step is compiled")
