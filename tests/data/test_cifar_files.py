"""Where CIFAR is looked for."""

import cifar_on_disk as disk
import pytest

from sact_keras.data import DatasetError
from sact_keras.data.cifar_files import describe_search, find_cifar
from sact_keras.data.dataset_files import DatasetFiles, DatasetFormat


@pytest.mark.parametrize("depth", ["", "cifar10", "cifar10/3.0.2"])
def test_tfds_is_found_from_each_of_its_directories(depth, tmp_path):
    directory = disk.write_cifar("tfds", tmp_path)
    found = find_cifar("cifar10", str(tmp_path / depth))
    assert found == DatasetFiles(DatasetFormat.TFDS, directory)


def test_newest_complete_version_is_taken(tmp_path):
    for version in ("3.0.2", "3.0.10", "3.0.11.incomplete0ABC"):
        disk.write_tfds_info(tmp_path / "cifar10" / version, "cifar10")
    found = find_cifar("cifar10", str(tmp_path))
    assert found.directory == tmp_path / "cifar10" / "3.0.10"


@pytest.mark.parametrize("split", ["train", "test"])
def test_slim_is_found_by_either_file(split, tmp_path):
    disk.write_records(tmp_path / f"cifar10_{split}.tfrecord", [b"x"])
    found = find_cifar("cifar10", str(tmp_path))
    assert found == DatasetFiles(DatasetFormat.TF_SLIM, tmp_path)


@pytest.mark.parametrize("data_format", disk.FORMATS)
def test_another_data_set_is_not_taken_for_it(data_format, tmp_path):
    directory = disk.write_cifar(data_format, tmp_path, "cifar100", num_classes=100)
    assert find_cifar("cifar10", str(tmp_path)) is None
    assert find_cifar("cifar10", str(directory)) is None


def test_usual_places_in_their_order(tmp_path, monkeypatch):
    disk.home_without_data(monkeypatch, tmp_path)
    assert find_cifar("cifar10") is None
    slim = tmp_path / "tensorflow" / "data" / "cifar10"
    disk.write_cifar("slim", slim)
    assert find_cifar("cifar10").directory == slim
    usual = disk.write_cifar("tfds", tmp_path / "tensorflow_datasets")
    assert find_cifar("cifar10").directory == usual
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "elsewhere"))
    assert find_cifar("cifar10").directory == usual
    from_environment = disk.write_cifar("tfds", tmp_path / "elsewhere")
    assert find_cifar("cifar10").directory == from_environment


def test_home_is_expanded(tmp_path, monkeypatch):
    disk.home_without_data(monkeypatch, tmp_path)
    disk.write_cifar("slim", tmp_path / "data")
    assert find_cifar("cifar10", "~/data").directory == tmp_path / "data"


def test_unreadable_metadata_is_an_error(tmp_path):
    directory = disk.write_cifar("tfds", tmp_path)
    (directory / "dataset_info.json").write_text("[]")
    with pytest.raises(DatasetError) as raised:
        find_cifar("cifar10", str(tmp_path))
    assert raised.value.path == str(directory / "dataset_info.json")


def test_unsearchable_directory_is_an_error(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.is_file", refuse)
    with pytest.raises(DatasetError, match="Permission denied") as raised:
        find_cifar("cifar10", str(tmp_path))
    assert raised.value.path == str(tmp_path)


def test_description_names_files_and_places(tmp_path):
    text = describe_search("cifar10", str(tmp_path))
    for part in ("dataset_info.json", "cifar10_train.tfrecord", str(tmp_path)):
        assert part in text
