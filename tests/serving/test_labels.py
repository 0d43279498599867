import pytest

from sact_keras.data import DatasetError
from sact_keras.data.cifar_classes import CLASS_NAMES
from sact_keras.serving.labels import default_labels, labels_text, read_labels


@pytest.mark.parametrize("dataset", ["cifar10", "cifar100"])
def test_cifar_has_its_own_names(dataset):
    names = CLASS_NAMES[dataset]
    assert default_labels(dataset, len(names)) == names


def test_shapes_are_named_as_the_data_set_names_them():
    from sact_keras.data import open_dataset

    assert default_labels("shapes", 10) == open_dataset("shapes").class_names


def test_the_background_comes_first_where_there_is_one():
    without, with_it = (default_labels("imagenet", n) for n in (1000, 1001))
    assert with_it == ("background", *without)
    # The first and the last class of ILSVRC 2012.
    assert without[0] == "n01440764"
    assert without[-1] == "n15075141"


@pytest.mark.parametrize(
    ("dataset", "num_classes"),
    [("cifar10", 11), ("imagenet", 10), ("imagenet", 1002), ("mnist", 10)],
)
def test_names_that_are_not_known_are_not_made_up(dataset, num_classes):
    assert default_labels(dataset, num_classes) is None


def test_no_names_of_imagenet_without_tensorflow_datasets(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert default_labels("imagenet", 1000) is None


@pytest.mark.parametrize(
    "content",
    [
        "cat\nflying fish\n",
        "cat\r\nflying fish",
        "\ufeffcat\nflying fish\n\n",
        "0:cat\n1:flying fish\n",
        " 0 : cat\n 1 : flying fish \n",
    ],
)
def test_reads_a_name_a_line(tmp_path, content):
    path = tmp_path / "labels.txt"
    path.write_bytes(content.encode())
    assert read_labels(path, 2) == ("cat", "flying fish")


def test_a_number_that_does_not_count_up_is_part_of_a_name(tmp_path):
    path = tmp_path / "labels.txt"
    path.write_text("7:30 train\n8:00 train\n")
    assert read_labels(path) == ("7:30 train", "8:00 train")


def test_what_is_written_is_read(tmp_path):
    names = ("café", "dog\u2028with a separator", "n01440764")
    path = tmp_path / "labels.txt"
    path.write_text(labels_text(names), encoding="utf-8")
    assert read_labels(path, 3) == names


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"cat\ndog\n", r"3 classes, one a line. Received: 2 names"),
        (b"cat\n\ndog\n", r"Received: nothing on line 2"),
        (b"", r"Received: nothing on line 1"),
        (b"cat\n\xff\xfe\n", r"text of UTF-8"),
    ],
)
def test_other_files_are_refused(tmp_path, content, message):
    path = tmp_path / "labels.txt"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=rf"labels\.txt: .*{message}"):
        read_labels(path, 3)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DatasetError, match="No such file"):
        read_labels(tmp_path / "labels.txt")


@pytest.mark.parametrize("name", ["", " ", "two\nlines", "two\rlines"])
def test_a_name_has_a_line_of_its_own(name):
    with pytest.raises(ValueError, match="labels must be"):
        labels_text(["cat", name])
