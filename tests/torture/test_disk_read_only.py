"""Directories that cannot be written to, from the start or all at once."""

import shutil
import time

import cifar_on_disk
import imagenet_on_disk
import pytest
from disk_programs import TINY, WRITING
from forked_programs import ForkedPrograms
from left_behind import arrays_of_run, check_same, check_sentence, check_whole
from small_disk import small_disk

pytestmark = pytest.mark.torture

TRAINING = (
    *("main.py", *TINY, "--mode=train", "--model_type=aig", "--target_rate=0.5"),
    *("--batch_size=8", "--max_number_of_steps=60", "--eval_interval_steps=30"),
)
PROGRAMS = {
    "train": (*TRAINING, "--train_log_dir={disk}/other"),
    "train_and_eval": (*TRAINING, "--mode=train_and_eval", "--eval_dir={disk}/eval"),
    **WRITING,
    "eval": (*WRITING["eval"], "--evaluate_once"),
}
WORK = ("Training", "Evaluating", "Attacking", "Sweeping", "Loading", "Making")


def flags_of(name, disk, checkpoint, elsewhere):
    program, *flags = PROGRAMS[name]
    flags = [flag.format(disk=disk) for flag in flags]
    if name == "train_and_eval":
        return program, *flags, f"--train_log_dir={elsewhere}"
    if name == "train":
        return program, *flags
    return program, *flags, f"--checkpoint_dir={checkpoint}"


@pytest.fixture(scope="module")
def programs(project_root):
    with ForkedPrograms(project_root) as started:
        yield started


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    with small_disk(tmp_path_factory.mktemp("read_only") / "disk") as mounted:
        yield mounted


@pytest.fixture(scope="module")
def undisturbed(programs, tmp_path_factory):
    return programs.train(TRAINING, tmp_path_factory.mktemp("undisturbed") / "run")


@pytest.fixture(params=["file_system", "permissions"])
def forbidden(request, tmp_path):
    """A directory in which nothing can be made, what is said of it, and who obeys."""
    if request.param == "file_system":
        # Asked for here, since permissions are tested where nothing can be mounted.
        disk = request.getfixturevalue("disk")
        with disk.read_only():
            yield disk.path, "Read-only file system", {}
        return
    directory = tmp_path / "forbidden"
    directory.mkdir(0o555)
    yield directory, "Permission denied", {"obeys_permissions": True}


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_is_said_before_any_work(
    programs, forbidden, undisturbed, tmp_path, survived, name
):
    directory, said, how = forbidden
    finished = programs(
        *flags_of(name, directory, undisturbed, tmp_path / "run"), **how
    )
    check_sentence(finished, said, directory, "must be where files can be written")
    assert not any(word in finished.err for word in WORK), finished.err
    assert finished.out == ""
    assert list(directory.iterdir()) == []
    assert not (tmp_path / "run").exists()
    survived("read-only directories: a sentence before any work")


@pytest.mark.parametrize("seconds", ["0", "60"])
def test_amid_a_training(programs, disk, undisturbed, survived, seconds):
    """At the next checkpoint, or at the next line of metrics.jsonl."""
    directory = disk.path / f"run_{seconds}"
    command = (*TRAINING, f"--train_log_dir={directory}")
    programs.start(*command, f"--save_interval_secs={seconds}")
    metrics = directory / "metrics.jsonl"
    deadline = time.monotonic() + 240
    while not metrics.exists() or not metrics.read_bytes():
        assert time.monotonic() < deadline, programs.texts()
        time.sleep(0.01)
    with disk.read_only():
        finished = programs.wait()
        check_sentence(finished, "Read-only file system", directory)
    check_whole(directory)
    finished = programs(*command)
    assert finished.code == 0, finished.err
    assert "Going on from step" in finished.err
    check_whole(directory)
    check_same(arrays_of_run(directory), arrays_of_run(undisturbed))
    survived("directories that became read-only amid a training: the same weights")


@pytest.mark.parametrize("name", [name for name in PROGRAMS if "train" not in name])
def test_a_run_that_is_only_read(programs, disk, undisturbed, tmp_path, survived, name):
    """The home directory is read-only as well, in which libraries keep caches."""
    source = disk.path / "only_read"
    if not source.exists():
        shutil.copytree(undisturbed, source, symlinks=True)
    command = flags_of(name, tmp_path, source, None)
    with disk.read_only():
        finished = programs(*command, environment={"HOME": str(disk.path)})
    assert finished.code == 0, finished.err
    assert "Traceback" not in finished.err, finished.err
    assert list(tmp_path.iterdir())
    check_whole(tmp_path)
    survived("read-only runs that were evaluated, exported and squeezed")


@pytest.mark.parametrize("write", [cifar_on_disk, imagenet_on_disk])
@pytest.mark.parametrize("data_format", ["tfds", "slim"])
def test_a_data_set_that_is_only_read(
    programs, disk, tmp_path, survived, write, data_format
):
    name = "cifar10" if write is cifar_on_disk else "imagenet"
    data = disk.path / f"{name}_{data_format}"
    getattr(write, f"write_{name.removesuffix('10')}")(data_format, data)
    command = (
        *("main.py", f"--dataset={name}", f"--dataset_dir={data}", "--model_type=sact"),
        *("--tau=0.01", "--model=1" if name == "cifar10" else "--model=1_1_1_1"),
        *("--base_channels=4", "--batch_size=4", "--max_number_of_steps=2"),
        f"--train_log_dir={tmp_path / 'run'}",
    )
    with disk.read_only():
        finished = programs(*command, tiny=False)
    assert finished.code == 0, finished.err
    check_whole(tmp_path)
    survived("read-only data sets that were trained on")


def test_a_read_only_directory_for_temporary_files(programs, disk, tmp_path, survived):
    """Another one is found."""
    command = (*TRAINING, "--max_number_of_steps=1", f"--train_log_dir={tmp_path}")
    with disk.read_only():
        finished = programs(*command, environment={"TMPDIR": str(disk.path)})
    assert finished.code == 0, finished.err
    check_whole(tmp_path)
    survived("read-only directories for temporary files")
