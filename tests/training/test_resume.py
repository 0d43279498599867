"""A training killed at any moment ends with the weights of one never killed."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import h5py
import numpy as np
import pytest
from imagenet_on_disk import write_imagenet
from tiny_training import tiny_model

from sact_keras.checkpoints.store import CheckpointStore

OPTIMIZATION = "needs the extra [optimization]"
SACT = ("--model_type=sact", "--tau=0.01")
DYNCONV = ("--model_type=dynconv", "--base_channels=4")
KILL, STOP = (signal.SIGKILL, 5, 0.2), (signal.SIGTERM, 20, 0.1)
"""A signal, the step after which it comes, and the longest delay in seconds."""


def start(
    project_root, directory, num_steps, *arguments, model_flags=SACT, program="main.py"
):
    command = [
        *(sys.executable, program, "--mode=train", "--dataset=shapes"),
        *(*model_flags, "--model=1", "--batch_size=8"),
        f"--max_number_of_steps={num_steps}",
        f"--train_log_dir={directory}",
        *("--num_examples=20", *arguments),
    ]
    return subprocess.Popen(
        command,
        cwd=project_root,
        stderr=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": str(project_root),
        },
    )


def wait_for(process):
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return errors


def interrupt(process, directory, number, step, delay):
    """Sends a signal a while after the checkpoint of `step` has been saved."""
    checkpoints = directory / "checkpoints"
    deadline = time.monotonic() + 120
    while not any(int(path.name[5:]) >= step for path in checkpoints.glob("step-*")):
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(delay)
    process.send_signal(number)
    process.communicate(timeout=60)
    return process.returncode


def arrays(directory):
    found = {}
    path = CheckpointStore(directory / "checkpoints").latest().weights_path
    with h5py.File(path) as file:
        file.visititems(
            lambda name, item: (
                found.update({name: item[()]})
                if isinstance(item, h5py.Dataset)
                else None
            )
        )
    return found


def check_interrupted_run(
    project_root, tmp_path, num_steps, interruptions, *flags, **how
):
    whole, killed = tmp_path / "whole", tmp_path / "killed"

    def begin(directory, *more):
        return start(project_root, directory, num_steps, *flags, *more, **how)

    # The two runs beside each other: half the waiting, and one more disturbance.
    uninterrupted = begin(whole)
    for number, step, delay in interruptions:
        process = begin(killed, "--save_interval_secs=0")
        code = interrupt(process, killed, number, step, delay)
        assert code == (128 + number if number == signal.SIGTERM else -number)
        reached = CheckpointStore(killed / "checkpoints").latest().step
        assert step <= reached < num_steps
    errors = wait_for(begin(killed))
    wait_for(uninterrupted)
    assert "Going on from step" in errors

    expected, found = arrays(whole), arrays(killed)
    assert expected.keys() == found.keys()
    assert any(name.startswith("optimizer/") for name in expected)
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)

    lines = [json.loads(text) for text in (killed / "metrics.jsonl").open()]
    places = [(line["step"], line["split"]) for line in lines]
    assert len(set(places)) == len(places)
    assert places[-1][0] == num_steps
    # Evaluations are keyed to the step: the same numbers, and the same best.
    evaluations = [
        {
            line["step"]: line["eval/Loss"]
            for line in map(json.loads, (run / "metrics.jsonl").open())
            if line["split"] != "train"
        }
        for run in (whole, killed)
    ]
    assert evaluations[0] == evaluations[1]
    best = [CheckpointStore(run / "checkpoints").best().step for run in (whole, killed)]
    assert best[0] == best[1]
    assert not list((killed / "checkpoints").glob(".tmp-*"))


@pytest.mark.parametrize(
    ("flags", "signals"),
    [
        # The noise of masks and its annealing go on where they were.
        pytest.param(DYNCONV, [KILL], id="dynconv_once"),
        # A process takes seconds to start: the others are killed in the slow suite.
        pytest.param(DYNCONV, [KILL, STOP], marks=pytest.mark.slow, id="dynconv"),
        pytest.param(SACT, [KILL, STOP], marks=pytest.mark.slow, id="sact"),
        # The noise of gates is drawn as that of masks.
        pytest.param(
            ("--model_type=aig", "--target_rates=1,t,t", "--gate_eval=sample"),
            [KILL, STOP],
            marks=pytest.mark.slow,
            id="aig",
        ),
    ],
)
def test_killed_and_resumed(project_root, tmp_path, flags, signals):
    generator = random.Random(0)
    interruptions = [
        (number, step, generator.uniform(0, longest))
        for number, step, longest in signals
    ]
    check_interrupted_run(
        project_root,
        tmp_path,
        80,
        interruptions,
        model_flags=flags,
        program="tests/training/tiny_main.py",
    )


@pytest.mark.slow  # test_pruning.py goes on from every step, in one process.
def test_killed_and_resumed_while_it_is_pruned(project_root, tmp_path):
    """With masks at every second step, and weights that come back."""
    pytest.importorskip("tensorflow_model_optimization", reason=OPTIMIZATION)
    generator = random.Random(3)
    interruptions = [
        (number, step, generator.uniform(0, 0.2))
        for number, step in ((signal.SIGKILL, 5), (signal.SIGTERM, 25))
    ]
    flags = ("--prune_final_sparsity=0.8", "--prune_frequency=2")
    check_interrupted_run(project_root, tmp_path, 60, interruptions, *flags)


@pytest.mark.slow  # test_stages.py resumes every stage, in one process.
@pytest.mark.parametrize("stage", ["curriculum", "finetune"])
def test_killed_and_resumed_with_a_policy(project_root, tmp_path, stage):
    """Draws of policies go on where they were, and so does the curriculum."""
    start_path = tmp_path / "start.weights.h5"
    tiny_model("blockdrop", model="1").save_weights(start_path)
    flags = [
        *("--model_type=blockdrop", "--base_channels=4", f"--stage={stage}"),
        f"--finetune_path={start_path}",
    ]
    if stage == "curriculum":
        # A unit more at the steps 25 and 50, the kill between the first two.
        flags.append("--curriculum_steps=25")
    interruptions = [(signal.SIGKILL, 5, random.Random(4).uniform(0, 0.1))]
    check_interrupted_run(project_root, tmp_path, 60, interruptions, model_flags=flags)


@pytest.mark.slow  # tests/data/test_imagenet.py goes on within the data at any step.
def test_killed_and_resumed_on_imagenet(project_root, tmp_path):
    """From records on the disk, read and distorted by several threads."""
    write_imagenet("slim", tmp_path / "records")
    flags = (
        *("--dataset=imagenet", f"--dataset_dir={tmp_path / 'records'}"),
        *("--model=1_2_1_1", "--base_channels=4", "--image_size=40", "--batch_size=4"),
        "--num_examples=6",
    )
    interruptions = [(signal.SIGKILL, 5, random.Random(2).uniform(0, 0.2))]
    check_interrupted_run(project_root, tmp_path, 40, interruptions, *flags)


@pytest.mark.slow
@pytest.mark.parametrize(
    "flags",
    [(), ("--jit_compile=true",), ("--model_type=act",)],
    ids=["sact", "sact_xla", "act"],
)
def test_killed_again_and_again(project_root, tmp_path, flags):
    generator = random.Random(1)
    interruptions = [
        (signal.SIGKILL, 1 + 60 * turn, generator.uniform(0, 0.4)) for turn in range(8)
    ]
    check_interrupted_run(project_root, tmp_path, 900, interruptions, *flags)
