import os
import signal
import subprocess
import sys

import pytest

from sact_keras.serving.version_directory import next_version, version_directory

KILLED = """
import sys, time
from pathlib import Path
from sact_keras.serving.version_directory import version_directory

with version_directory(sys.argv[1], 1) as directory:
    (directory / "saved_model.pb").write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""


def write(directory, content, **how):
    with version_directory(directory, 1, **how) as temporary:
        (temporary / "variables").mkdir()
        (temporary / "variables" / "data").write_text(content)
        assert temporary.name.startswith(".")
        yield temporary


def names(directory):
    return sorted(path.name for path in directory.iterdir())


def test_a_version_appears_when_it_is_whole(tmp_path):
    export_dir = tmp_path / "not" / "yet"
    for _ in write(export_dir, "new"):
        assert not (export_dir / "1").exists()
    assert names(export_dir) == ["1"]
    assert (export_dir / "1" / "variables" / "data").read_text() == "new"
    # As readable as the directory it lies in.
    assert (export_dir / "1").stat().st_mode == export_dir.stat().st_mode


def test_the_next_version(tmp_path):
    assert next_version(tmp_path / "absent") == 1
    for name in ("2", "10", "latest", ".tmp-version-x", "-3"):
        (tmp_path / name).mkdir()
    assert next_version(tmp_path) == 11


def test_a_version_that_is_there_is_refused_before_any_work(tmp_path):
    list(write(tmp_path, "old"))
    with pytest.raises(FileExistsError, match=r"Received: .*1"):
        list(write(tmp_path, "new"))
    assert (tmp_path / "1" / "variables" / "data").read_text() == "old"
    assert names(tmp_path) == ["1"]


@pytest.mark.parametrize("exchanges", [True, False])
def test_overwriting(exchanges, tmp_path, monkeypatch):
    if not exchanges:
        monkeypatch.setattr("ctypes.CDLL", lambda *names, **options: object())
    list(write(tmp_path, "old"))
    for _ in write(tmp_path, "new", overwrite=True):
        assert (tmp_path / "1" / "variables" / "data").read_text() == "old"
    assert (tmp_path / "1" / "variables" / "data").read_text() == "new"
    assert names(tmp_path) == ["1"]


def test_overwriting_what_is_not_there(tmp_path):
    list(write(tmp_path, "new", overwrite=True))
    assert names(tmp_path) == ["1"]


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_failure_leaves_everything_as_it_was(overwrite, tmp_path):
    if overwrite:
        list(write(tmp_path, "old"))
    before = names(tmp_path)
    with (
        pytest.raises(RuntimeError, match="in the middle"),
        version_directory(tmp_path, 1, overwrite=overwrite) as temporary,
    ):
        (temporary / "saved_model.pb").write_text("half")
        raise RuntimeError("in the middle")
    assert names(tmp_path) == before


def test_of_two_at_once_the_second_is_refused(tmp_path):
    with (
        pytest.raises(FileExistsError),
        version_directory(tmp_path, 1) as late,
    ):
        (late / "late").touch()
        # What is under way is not taken for what a killed export has left.
        list(write(tmp_path, "quick"))
        assert (late / "late").exists()
    assert names(tmp_path) == ["1"]
    assert (tmp_path / "1" / "variables" / "data").read_text() == "quick"


def test_a_killed_export_leaves_no_version_and_is_cleaned_up(project_root, tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        cwd=project_root,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout.readline() == b"writing\n"
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=30)
    (left,) = names(tmp_path)
    assert left.startswith(".tmp-version-")
    list(write(tmp_path, "new"))
    assert names(tmp_path) == ["1"]


@pytest.mark.parametrize("version", [0, -1, 1.0, "1", True])
def test_numbers_that_are_no_versions(version, tmp_path):
    with (
        pytest.raises(ValueError, match=r"version must be a whole number.*Received"),
        version_directory(tmp_path, version),
    ):
        pass
