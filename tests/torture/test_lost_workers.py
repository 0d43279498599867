"""A training of several processes loses one, or is told to stop."""

import os
import signal
import time

import numpy as np
import pytest
from training_processes import finish, saved_arrays, start_all

pytestmark = pytest.mark.torture

NUM_STEPS = 60
PROGRAM = "tests/training/tiny_main.py"

# TensorFlow notices a silent machine after ten seconds; the rest is the machine's load.
BOUND = 90


def begin(directory, *more):
    return start_all(
        2,
        PROGRAM,
        *("--mode=train", "--dataset=shapes", "--model_type=dynconv", "--model=1"),
        *("--base_channels=4", "--batch_size=8", "--num_examples=20"),
        *(f"--max_number_of_steps={NUM_STEPS}", f"--train_log_dir={directory}"),
        *("--distribution=multi_worker", *more),
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The state that a training ends with which nothing has disturbed."""
    directory = tmp_path_factory.mktemp("whole")
    finish(*begin(directory))
    return saved_arrays(directory)


@pytest.mark.parametrize(
    ("number", "victim"),
    [
        (signal.SIGKILL, 1),
        (signal.SIGKILL, 0),
        (signal.SIGSTOP, 1),
        (signal.SIGTERM, 0),
        (signal.SIGTERM, 1),
    ],
    ids=["killed", "chief_killed", "silent", "chief_told", "told"],
)
def test_a_lost_worker_ends_all_and_the_training_goes_on(
    tmp_path, whole, survived, number, victim
):
    processes = begin(tmp_path, "--save_interval_secs=0")
    checkpoints = tmp_path / "checkpoints"
    deadline = time.monotonic() + 300
    while not list(checkpoints.glob("step-0000000[3-9]")):
        assert all(process.poll() is None for process in processes)
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(processes[victim].pid, number)
    other = processes[1 - victim]
    output, _ = other.communicate(timeout=BOUND)
    if number == signal.SIGTERM:
        assert other.returncode == 128 + signal.SIGTERM, output
        processes[victim].communicate(timeout=BOUND)
        assert processes[victim].returncode == 128 + signal.SIGTERM
    else:
        assert other.returncode == 1, output
        assert "Traceback" not in output
        assert "another process of the training was lost" in output.splitlines()[-1]
        processes[victim].kill()
        processes[victim].communicate()

    outputs = finish(*begin(tmp_path))
    assert "Going on from step" in outputs[0]
    found = saved_arrays(tmp_path)
    assert found.keys() == whole.keys()
    for name, value in whole.items():
        np.testing.assert_allclose(
            found[name], value, rtol=1e-5, atol=1e-6, err_msg=name
        )
    survived("lost or stopped processes of a training of two")


def test_a_worker_that_does_not_come_is_not_waited_for_in_vain(tmp_path, survived):
    processes = begin(tmp_path, "--worker_timeout_secs=5")
    processes[1].kill()
    processes[1].communicate()
    output, _ = processes[0].communicate(timeout=BOUND)
    assert processes[0].returncode == 1
    assert "Traceback" not in output
    last = output.splitlines()[-1]
    assert "ends if they have not come within --worker_timeout_secs=5" in last
    assert list(tmp_path.iterdir()) == []
    survived("processes of a training that never came")
