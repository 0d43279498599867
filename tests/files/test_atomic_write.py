import pytest

from sact_keras.files.atomic_write import (
    atomic_directory,
    atomic_file,
    atomic_write,
)


def names(directory):
    return [path.name for path in directory.iterdir()]


def test_replaces_a_file(tmp_path):
    path = tmp_path / "file.txt"
    for content in ("one", b"two"):
        atomic_write(path, content)
    assert path.read_text() == "two"
    assert names(tmp_path) == ["file.txt"]


def test_a_failed_write_leaves_the_old_file(tmp_path, longest_file):
    path = tmp_path / "file.txt"
    atomic_write(path, "old")
    with longest_file(1), pytest.raises(OSError, match=f"large: '{path}'$"):
        atomic_write(path, "new")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["file.txt"]


def test_a_file_that_is_left_half_way_does_not_appear(tmp_path):
    with pytest.raises(KeyError), atomic_file(tmp_path / "file") as file:
        file.write(b"half")
        raise KeyError
    assert names(tmp_path) == []


def test_a_directory_appears_whole(tmp_path):
    path = tmp_path / "whole"
    with atomic_directory(path) as temporary:
        (temporary / "a").write_text("1")
        assert not path.exists()
    assert (path / "a").read_text() == "1"
    assert names(tmp_path) == ["whole"]


def test_a_failed_directory_leaves_nothing(tmp_path):
    with pytest.raises(KeyError), atomic_directory(tmp_path / "half") as temporary:
        (temporary / "a").write_text("1")
        raise KeyError
    assert names(tmp_path) == []
