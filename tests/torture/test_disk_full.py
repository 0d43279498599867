"""The disk is full, at each of many moments, and then there is space again."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from disk_programs import TINY, WRITING
from forked_programs import ForkedPrograms
from forking_server import Finished
from left_behind import (
    arrays_of_run,
    check_same,
    check_sentence,
    check_whole,
)
from small_disk import PAGE, small_disk

pytestmark = pytest.mark.torture

FULL = "No space left on device"
PLENTY = 2**26
TRAINING = (
    *("main.py", *TINY, "--model_type=vanilla", "--batch_size=8"),
    *("--max_number_of_steps=6", "--eval_interval_steps=3"),
    *("--save_interval_secs=0", "--save_summaries_secs=0"),
)
GATES = (
    *("main.py", *TINY, "--model_type=aig", "--target_rate=0.5", "--batch_size=8"),
    *("--max_number_of_steps=1", "--mode=train"),
)
PROGRAMS = {
    **WRITING,
    "squeeze_keras": ("main.py", "--mode=squeeze", "--squeezed_path={disk}/s.keras"),
    "export.saved_model": (
        *WRITING["export.saved_model"],
        "--overwrite",
        "--version=1",
    ),
}


def names_below(directory):
    """The files below a directory; event files, whose names are times, as one."""
    return {
        "events" if "tfevents" in path.name else str(path.relative_to(directory))
        for path in directory.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def programs(project_root):
    with ForkedPrograms(project_root) as started:
        yield started


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    with small_disk(tmp_path_factory.mktemp("full") / "disk") as mounted:
        yield mounted


@pytest.fixture(autouse=True)
def empty(disk):
    """Begins and ends with an empty disk that is large enough."""
    yield
    disk.leave(PLENTY)
    for path in disk.path.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.fixture(scope="module")
def undisturbed(programs, disk):
    """A training that had space enough: its directory, elsewhere, and what it took."""
    directory = programs.train(TRAINING, disk.path / "run")
    used, files = disk.used, disk.files
    kept = disk.path.with_name("undisturbed")
    shutil.move(directory, kept)
    return kept, used, files


@pytest.fixture(scope="module")
def gates(programs, tmp_path_factory):
    """The run of a network that decides."""
    return programs.train(GATES, tmp_path_factory.mktemp("gates") / "run")


def check_training(programs, disk, undisturbed, survived):
    """Trains on a disk that is too small, and again when there is space."""
    directory = disk.path / "run"
    command = (*TRAINING, f"--train_log_dir={directory}")
    check_sentence(programs(*command), FULL, directory)
    check_whole(disk.path)
    disk.leave(PLENTY)
    finished = programs(*command)
    assert finished.code == 0, finished.err
    check_whole(disk.path)
    check_same(arrays_of_run(directory), arrays_of_run(undisturbed))
    assert names_below(directory / "eval") == names_below(undisturbed / "eval")
    survived("trainings without space: a sentence, then the same weights")


@pytest.mark.parametrize("hundredths", [0, 20, 50, 85, 95, 97, 98, 99])
def test_a_training_without_bytes(programs, disk, undisturbed, survived, hundredths):
    directory, used, _ = undisturbed
    disk.leave(used * hundredths // 100)
    check_training(programs, disk, directory, survived)


@pytest.mark.parametrize("number", [0, 1, 2, 5, 8, 15])
def test_a_training_without_names(programs, disk, undisturbed, survived, number):
    """There is space, but no more files can be made."""
    directory, _, files = undisturbed
    assert number < files - 1
    disk.leave_files(number)
    check_training(programs, disk, directory, survived)


@pytest.mark.parametrize("name", PROGRAMS)
def test_other_programs(programs, disk, gates, survived, name):
    program, *flags = PROGRAMS[name]
    command = [
        *(program, *(flag.format(disk=disk.path) for flag in flags)),
        f"--checkpoint_dir={gates}",
    ]
    finished = programs(*command)
    assert finished.code == 0, finished.err
    used, files = disk.used, names_below(disk.path)
    for sixteenths in (0, 8, 15):
        for path in disk.path.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        # One page less than all, at least: the disk is of whole pages.
        disk.leave(min(used * sixteenths // 16, used - PAGE))
        check_sentence(programs(*command), FULL, disk.path)
        check_whole(disk.path)
        disk.leave(PLENTY)
        survived("other programs without space: a sentence")
    finished = programs(*command)
    assert finished.code == 0, finished.err
    check_whole(disk.path)
    assert names_below(disk.path) == files


@pytest.mark.parametrize("name", ["eval", "export.saved_model", "export.ponder_maps"])
def test_no_space_for_temporary_files(programs, disk, gates, tmp_path, survived, name):
    """`$TMPDIR` is full: what programs put there has another place."""
    program, *flags = PROGRAMS[name]
    (disk.path / "ballast").write_bytes(b"full")
    disk.leave(0)
    finished = programs(
        *(program, *(flag.format(disk=tmp_path) for flag in flags)),
        f"--checkpoint_dir={gates}",
        environment={"TMPDIR": str(disk.path)},
    )
    assert finished.code == 0, finished.err
    check_whole(tmp_path)
    survived("programs without space for temporary files")


def test_no_space_for_what_is_printed(gates, tmp_path, project_root, survived):
    command = [
        *(sys.executable, "main.py", "--mode=eval", "--num_examples=20"),
        *("--evaluate_once", f"--checkpoint_dir={gates}", f"--eval_dir={tmp_path}"),
    ]
    with Path("/dev/full").open("w") as full:
        finished = subprocess.run(
            command,
            cwd=project_root,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=300,
        )
    check_sentence(
        Finished(finished.returncode, "", finished.stderr), FULL, "standard output"
    )
    check_whole(tmp_path)
    assert (tmp_path / "eval.json").exists()
    survived("evaluations that could not be printed, and were written")
