import os
import signal
import subprocess
import sys

import pytest

from sact_keras.files import temporary as module
from sact_keras.files.atomic_write import atomic_directory, atomic_write
from sact_keras.files.temporary import temporary_directory, temporary_file

KILLED = """
import os, signal, sys
from pathlib import Path
from sact_keras.files.temporary import temporary_directory, temporary_file

directory = Path(sys.argv[1])
with temporary_file(directory / "a") as (file, _), temporary_directory(
    directory / "b"
) as other:
    file.write(b"a longer half")
    file.flush()
    (other / "deep").mkdir()
    (other / "deep" / "half").touch()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def names(directory):
    return sorted(path.name for path in directory.iterdir())


@pytest.fixture
def left(project_root, tmp_path):
    """A directory with what a killed program has left of `a` and `b`."""
    code = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)], cwd=project_root, timeout=60
    ).returncode
    assert code == -signal.SIGKILL
    assert names(tmp_path) == [".tmp-a", ".tmp-b"]
    return tmp_path


def test_what_a_killed_program_has_left_is_written_anew(left):
    atomic_write(left / "a", "whole")
    assert (left / "a").read_text() == "whole"
    with atomic_directory(left / "b") as directory:
        assert names(directory) == []
    assert names(left) == ["a", "b"]


def test_two_programs_that_write_the_same_keep_apart(tmp_path):
    path = tmp_path / "a"
    with temporary_file(path) as (_, first), temporary_file(path) as (_, second):
        assert first != second
        assert names(tmp_path) == [first.name, second.name]
    with temporary_directory(path) as first, temporary_directory(path) as second:
        assert first != second
    assert names(tmp_path) == []


def test_without_locks_names_are_never_shared(left, monkeypatch):
    def refuse(descriptor, operation):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(module.fcntl, "flock", refuse)
    atomic_write(left / "a", "whole")
    assert (left / "a").read_text() == "whole"
    assert (left / ".tmp-a").read_text() == "a longer half"


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_a_link_that_lies_there_is_not_followed(tmp_path, link):
    (tmp_path / "precious").write_text("old")
    link(tmp_path / "precious", tmp_path / ".tmp-a")
    atomic_write(tmp_path / "a", "new")
    assert (tmp_path / "precious").read_text() == "old"
    assert (tmp_path / "a").read_text() == "new"


def test_a_name_that_another_has_taken_since_is_not_removed(tmp_path):
    with temporary_directory(tmp_path / "a") as first:
        first.rename(tmp_path / "a")
        with temporary_directory(tmp_path / "a") as second:
            assert second == first
            (second / "other").touch()
        second.mkdir()
    assert names(tmp_path) == [".tmp-a", "a"]
