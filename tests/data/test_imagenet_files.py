"""Where ImageNet is looked for, and what a whole set of files is."""

import json

import cifar_on_disk
import imagenet_on_disk as disk
import pytest

from sact_keras.data import DatasetError, open_dataset
from sact_keras.data.dataset_files import DatasetFiles, DatasetFormat
from sact_keras.data.imagenet_files import find_imagenet, find_shards


@pytest.mark.parametrize("depth", ["", "imagenet2012", "imagenet2012/5.1.0"])
def test_tfds_is_found_from_each_of_its_directories(depth, tmp_path):
    directory = disk.write_imagenet("tfds", tmp_path)
    found = find_imagenet(str(tmp_path / depth))
    assert found == DatasetFiles(DatasetFormat.TFDS, directory)


@pytest.mark.parametrize("split", ["train", "validation"])
def test_slim_is_found_by_either_split(split, tmp_path):
    disk.write_imagenet("slim", tmp_path, [split])
    found = find_imagenet(str(tmp_path))
    assert found == DatasetFiles(DatasetFormat.TF_SLIM, tmp_path)
    assert list(open_dataset("imagenet", str(tmp_path)).num_examples) == [split]


def test_usual_places_in_their_order(tmp_path, monkeypatch):
    cifar_on_disk.home_without_data(monkeypatch, tmp_path)
    assert find_imagenet() is None
    slim = disk.write_imagenet("slim", tmp_path / "tensorflow/data/imagenet")
    assert find_imagenet().directory == slim
    usual = disk.write_imagenet("tfds", tmp_path / "tensorflow_datasets")
    assert find_imagenet().directory == usual
    elsewhere = disk.write_imagenet("tfds", tmp_path / "elsewhere")
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "elsewhere"))
    assert find_imagenet().directory == elsewhere


def test_absence_says_what_was_looked_for_and_where(tmp_path):
    with pytest.raises(DatasetError) as raised:
        open_dataset("imagenet", str(tmp_path))
    for part in ("imagenet2012", "train-?????-of-?????", str(tmp_path), "downloaded"):
        assert part in str(raised.value)


@pytest.mark.parametrize("data_format", disk.FORMATS)
def test_missing_shards_are_counted_and_named(data_format, tmp_path):
    directory = disk.write_imagenet(data_format, tmp_path)
    first, second, _ = disk.files_of(data_format, directory, "validation")
    first.unlink()
    second.unlink()
    dataset = open_dataset("imagenet", str(tmp_path))
    said = f"2 of the 3 validation files are missing: {first.name}, {second.name}$"
    with pytest.raises(DatasetError, match=said):
        dataset.evaluation_batches(2)
    assert "validation" in dataset.num_examples
    assert dataset.num_examples["train"] == 9


def test_only_the_first_missing_shards_are_listed(tmp_path):
    (tmp_path / "train-00007-of-01024").touch()
    with pytest.raises(DatasetError, match=r"1023 of .*train-00002-of-01024, \.\.\.$"):
        find_shards(find_imagenet(str(tmp_path)), "train")


def test_shards_of_two_sets_are_an_error(tmp_path):
    disk.write_imagenet("slim", tmp_path)
    (tmp_path / "validation-00000-of-00010").touch()
    with pytest.raises(DatasetError, match="-of-00003, -of-00010"):
        find_shards(find_imagenet(str(tmp_path)), "validation")


def test_other_files_are_not_shards(tmp_path):
    disk.write_imagenet("slim", tmp_path)
    for name in ("validation-00000-of-00003.gz", "validation-1-of-3", "train.txt"):
        (tmp_path / name).touch()
    shards = find_shards(find_imagenet(str(tmp_path)), "validation")
    assert shards == disk.files_of("slim", tmp_path, "validation")


def test_split_that_is_not_on_disk(tmp_path):
    dataset = _open_validation(tmp_path)
    with pytest.raises(DatasetError, match="no files of the split 'train'"):
        dataset.training_batches(2, seed=0)


def _open_validation(directory):
    disk.write_imagenet("slim", directory, ["validation"])
    return open_dataset("imagenet", str(directory))


def test_class_names_of_labels_txt(tmp_path):
    names = ["background", *(f"kind: {label}" for label in range(1, 1001))]
    lines = [f"{label}:{name}\n" for label, name in enumerate(names)]
    (tmp_path / "labels.txt").write_text("".join(lines))
    assert _open_validation(tmp_path).class_names == tuple(names)


def test_class_names_of_tfds(tmp_path):
    disk.write_imagenet("tfds", tmp_path)
    names = open_dataset("imagenet", str(tmp_path)).class_names
    assert names[:2] == ("background", "n00000000")
    assert len(names) == 1001


def test_class_names_are_made_up_where_there_are_none(tmp_path):
    names = _open_validation(tmp_path).class_names
    assert names[:2] == ("background", "class 1")
    assert len(set(names)) == 1001


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0:background\n1:tench\n", "names 2 classes .*, not 1001"),
        ("tench\n", "not a label and a name: 'tench'"),
        ("0:background\n2:tench\n", "do not count up"),
    ],
)
def test_unusable_class_names_are_an_error(text, said, tmp_path):
    (tmp_path / "labels.txt").write_text(text)
    with pytest.raises(DatasetError, match=said) as raised:
        _open_validation(tmp_path)
    assert raised.value.path == str(tmp_path / "labels.txt")


def test_tfds_metadata_without_lengths_is_an_error(tmp_path):
    directory = disk.write_imagenet("tfds", tmp_path)
    info = json.loads((directory / "dataset_info.json").read_text())
    del info["splits"]
    (directory / "dataset_info.json").write_text(json.dumps(info))
    with pytest.raises(DatasetError, match="lengths of the shards of 'train'"):
        _ = open_dataset("imagenet", str(tmp_path)).num_examples["train"]
