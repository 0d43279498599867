import pytest

from export.image_files import find_image_files


@pytest.fixture
def folder(tmp_path):
    for name in ("b.jpg", "a.jpg", "c.png", "deep/er/d.jpg"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "folder.jpg").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*.jpg", ["a.jpg", "b.jpg"]),
        ("**/*.jpg", ["a.jpg", "b.jpg", "deep/er/d.jpg"]),
        ("[bc].*", ["b.jpg", "c.png"]),
        ("a.jpg", ["a.jpg"]),
    ],
)
def test_files_come_in_the_order_of_their_names(folder, pattern, names):
    files = find_image_files(f"{folder}/{pattern}")
    assert files == [folder / name for name in names]


def test_the_home_directory(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder))
    assert find_image_files("~/a.jpg") == [folder / "a.jpg"]


@pytest.mark.parametrize("pattern", ["*.gif", "folder.jpg", "no/such/*.jpg"])
def test_a_pattern_of_nothing_is_named(folder, pattern):
    with pytest.raises(FileNotFoundError, match="Received: --images_pattern") as e:
        find_image_files(f"{folder}/{pattern}")
    assert f"{folder}/{pattern}" in str(e.value)
