"""What lies where in a folder of images."""

import logging
import os

import pytest
from folder_on_disk import CLASS_NAMES, write_folder

from sact_keras.data import DatasetError
from sact_keras.data.folder_files import find_class_names, find_folder, holds_folder


def touch(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


TWO = ("train/daisy/1.jpg", "train/rose/1.jpg")


def names_of(files, split):
    """The labelled files of a split, by name, sorted."""
    return sorted((path.name, label) for path, label in files.splits[split])


def test_splits_and_classes(tmp_path):
    files = find_folder(write_folder(tmp_path))
    assert files.class_names == CLASS_NAMES
    assert {name: len(found) for name, found in files.splits.items()} == {
        "train": 12,
        "test": 6,
    }
    for split, found in files.splits.items():
        for path, label in found:
            assert path.parent == tmp_path / split / CLASS_NAMES[label]


def test_endings_folders_below_and_what_is_left_out(tmp_path, caplog):
    touch(
        tmp_path,
        *TWO,
        *("train/rose/2.JPG", "train/rose/3.jpeg", "train/rose/4.PnG"),
        *("train/rose/more/5.png", "train/rose/a.b.6.jpg"),
        *("train/rose/.hidden.jpg", "train/rose/._2.JPG", "train/rose/.more/7.jpg"),
        *("train/.ipynb_checkpoints/8.jpg", ".DS_Store", "train/.DS_Store"),
        *("train/rose/Thumbs.db", "train/rose/README.txt", "train/notes.txt"),
        *("train/rose/9.gif", "train/rose/jpg"),
    )
    (tmp_path / "train/rose/folder.jpg").mkdir()
    with caplog.at_level(logging.INFO):
        files = find_folder(tmp_path)
    roses = [name for name, label in names_of(files, "train") if label == 1]
    expected = ["1.jpg", "2.JPG", "3.jpeg", "4.PnG", "5.png", "a.b.6.jpg"]
    assert roses == expected
    assert "4 other files: 9.gif, README.txt, Thumbs.db, jpg" in caplog.text


def test_classes_are_sorted_by_name_and_fixed_by_the_training(tmp_path, caplog):
    touch(tmp_path, "train/b/1.jpg", "train/B/1.jpg", "train/a 1/1.jpg", "test/b/2.png")
    files = find_folder(tmp_path)
    assert files.class_names == find_class_names(tmp_path) == ("B", "a 1", "b")
    assert names_of(files, "test") == [("2.png", 2)]
    assert f"{tmp_path}/test/B" in caplog.text  # Of which there is none to evaluate.


def test_the_order_mixes_the_classes_and_follows_from_the_names(tmp_path):
    names = [f"train/{name}/{i:02}.jpg" for name in ("a", "b") for i in range(50)]
    first = find_folder(touch(tmp_path / "one", *names)).splits["train"]
    moved = find_folder(touch(tmp_path / "two", *reversed(names))).splits["train"]
    assert [(p.parent.name, p.name) for p, _ in first] == [
        (p.parent.name, p.name) for p, _ in moved
    ]
    assert 10 < sum(label for _, label in first[:50]) < 40


@pytest.mark.parametrize("name", ["val", "validation"])
def test_a_validation_split_has_two_names(tmp_path, name):
    touch(tmp_path, *TWO, f"{name}/rose/2.jpg")
    assert set(find_folder(tmp_path).splits) == {"train", "validation"}


def test_links_are_followed_to_files_and_classes(tmp_path):
    touch(tmp_path / "elsewhere", "roses/1.jpg", "2.jpg")
    folder = touch(tmp_path / "flowers", "train/daisy/1.jpg")
    (folder / "train/rose").symlink_to(tmp_path / "elsewhere/roses")
    (folder / "train/daisy/2.jpg").symlink_to(tmp_path / "elsewhere/2.jpg")
    (folder / "train/daisy/back").symlink_to(folder / "train")  # Leads in a circle.
    found = names_of(find_folder(folder), "train")
    assert found == [("1.jpg", 0), ("1.jpg", 1), ("2.jpg", 0)]


@pytest.mark.parametrize(
    ("names", "place", "said"),
    [
        (["daisy/1.jpg"], "", "there must be a folder `train` .*Received: daisy"),
        (["test/rose/1.jpg"], "", "there must be a folder `train`"),
        (["1.jpg"], "", "there must be a folder `train` .*Received: 1.jpg"),
        (["train/1.jpg"], "train", r"must lie in a folder of their class.*: 1\.jpg"),
        (
            [*TWO, "train/1.PNG"],
            "train",
            r"not beside these folders\. Received: 1\.PNG",
        ),
        ([*TWO, "test/1.jpg"], "test", "must lie in a folder of their class"),
        (["train/notes.txt"], "train", "a folder of images for each class.*notes.txt"),
        (["train/images/1.jpg"], "train", "at least two classes. Received: images"),
        ([*TWO, "train/tulip/1.gif"], "train/tulip", "must have an image.*: 1.gif"),
        ([*TWO, "train/tulip/.1.jpg"], "train/tulip", "Received: nothing"),
        ([*TWO, "test/rose/a.txt"], "test/rose", "a class must have an image"),
        ([*TWO, "test/tulip/1.jpg"], "test", "among .*daisy, rose. Received: tulip"),
        ([*TWO, "val/rose/1.jpg", "validation/rose/1.jpg"], "", "validation and val"),
        ([*TWO, "train/two\nlines/1.jpg"], "train", r"on a line. Received: 'two\\nli"),
    ],
)
def test_what_is_not_where_it_should_be_is_named(tmp_path, names, place, said):
    with pytest.raises(DatasetError, match=said) as caught:
        find_folder(touch(tmp_path, *names))
    assert caught.value.path == str(tmp_path / place)


def test_a_name_that_is_no_text(tmp_path):
    touch(tmp_path, *TWO)
    try:
        os.mkdir(os.fsencode(tmp_path / "train") + b"/\xff")  # noqa: PTH102
    except OSError:
        pytest.skip("this file system has no such names")
    with pytest.raises(DatasetError, match=r"Received: '\\udcff'"):
        find_folder(tmp_path)


def test_what_is_no_folder(tmp_path):
    with pytest.raises(DatasetError, match="absent: cannot be read: No such file"):
        find_folder(tmp_path / "absent")
    (tmp_path / "file").touch()
    with pytest.raises(DatasetError, match="file: cannot be read: Not a directory"):
        find_folder(tmp_path / "file")


def test_looking_whether_there_is_one(tmp_path):
    assert holds_folder(touch(tmp_path / "a", "train/rose/1.jpg"))
    assert not holds_folder(touch(tmp_path / "b", "train/1.jpg"))
    assert not holds_folder(touch(tmp_path / "c", "rose/1.jpg"))
    assert not holds_folder(tmp_path / "absent")
