"""When CIFAR is downloaded, where to, and how soon a failure is known."""

import threading
import time

import cifar_on_disk as disk
import pytest
import requests
import tensorflow_datasets as tfds

from sact_keras.data import DatasetError, cifar, open_dataset
from sact_keras.data.cifar_download import (
    download_cifar,
    download_directory,
    find_download_obstacle,
)


def hang(url, seconds):
    threading.Event().wait(60)


@pytest.mark.parametrize("made", [True, False])
def test_empty_or_new_directory_is_filled(made, tmp_path):
    directory = tmp_path / "new"
    if made:
        directory.mkdir()
    assert download_directory("cifar10", str(directory)) == directory


def test_tfds_directory_is_filled(tmp_path):
    disk.write_tfds_info(tmp_path / "mnist" / "3.0.1", "mnist")
    assert download_directory("cifar10", str(tmp_path)) == tmp_path


def test_directory_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "holiday.jpg").write_bytes(b"")
    with pytest.raises(DatasetError, match=r"holds holiday\.jpg"):
        download_directory("cifar10", str(tmp_path))


def test_misspelt_path_is_left_alone(tmp_path):
    with pytest.raises(DatasetError, match="does not exist"):
        download_directory("cifar10", str(tmp_path / "mispelt" / "tfds"))


def test_file_is_not_a_directory(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DatasetError, match="not a directory"):
        download_directory("cifar10", str(tmp_path / "file"))


def test_default_directory(tmp_path, monkeypatch):
    disk.home_without_data(monkeypatch, tmp_path)
    assert download_directory("cifar10", None) == tmp_path / "tensorflow_datasets"
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "data"))
    assert download_directory("cifar10", None) == tmp_path / "data"


def test_no_obstacle_where_the_server_answers(tmp_path):
    asked = []
    obstacle = find_download_obstacle(
        "cifar100",
        tmp_path / "to" / "be" / "made",
        request_head=lambda url, seconds: asked.append((url, seconds)),
    )
    assert obstacle is None
    ((url, seconds),) = asked
    assert "cifar-100" in url
    assert seconds < 15
    assert list(tmp_path.iterdir()) == []


def test_hanging_request_is_given_up(tmp_path):
    start = time.monotonic()
    obstacle = find_download_obstacle(
        "cifar10", tmp_path, seconds=0.2, request_head=hang
    )
    assert "did not answer within 0.2 seconds" in obstacle
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (requests.ConnectionError("nested <internals>"), "ConnectionError"),
        (requests.HTTPError("403 Forbidden for url"), "403 Forbidden"),
    ],
)
def test_refused_request_is_an_obstacle(error, said, tmp_path, monkeypatch):
    def refuse(url, **keywords):
        raise error

    monkeypatch.setattr(requests, "head", refuse)
    obstacle = find_download_obstacle("cifar10", tmp_path)
    assert "www.cs.toronto.edu" in obstacle
    assert said in obstacle
    assert "internals" not in obstacle


def test_full_disk_is_an_obstacle(tmp_path, monkeypatch):
    usage = type("Usage", (), {"free": 10_000_000})
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    obstacle = find_download_obstacle("cifar10", tmp_path, request_head=hang)
    assert "10 MB left" in obstacle


def test_unwritable_directory_is_an_obstacle(tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: False)
    obstacle = find_download_obstacle("cifar10", tmp_path, request_head=hang)
    assert obstacle == f"{tmp_path} is not writable"


def test_empty_directory_offline_is_a_clear_error(tmp_path, monkeypatch):
    monkeypatch.setattr(
        cifar, "find_download_obstacle", lambda name, directory: "no network"
    )
    with pytest.raises(DatasetError) as raised:
        open_dataset("cifar10", str(tmp_path))
    message = str(raised.value)
    assert "cifar10_train.tfrecord" in message
    assert "dataset_info.json" in message
    assert str(tmp_path) in message
    assert "cannot be downloaded: no network" in message
    assert list(tmp_path.iterdir()) == []


def test_downloads_with_tfds_and_opens_what_it_made(tmp_path, monkeypatch):
    class Builder:
        def __init__(self, name, data_dir, try_gcs):
            assert (name, try_gcs) == ("cifar10", False)
            self.data_dir = data_dir

        def download_and_prepare(self, download_config):
            assert not download_config.try_download_gcs
            disk.write_cifar("tfds", self.data_dir)

    monkeypatch.setattr(tfds, "builder", Builder)
    monkeypatch.setattr(cifar, "find_download_obstacle", lambda name, directory: None)
    dataset = open_dataset("cifar10", str(tmp_path / "new"))
    assert len(dataset.examples("test").labels) == 5


def test_failed_download_is_a_data_set_error(tmp_path, monkeypatch):
    def fail(*arguments, **keywords):
        raise ConnectionError("the line went dead")

    monkeypatch.setattr(tfds, "builder", fail)
    with pytest.raises(DatasetError, match="the line went dead") as raised:
        download_cifar("cifar10", tmp_path)
    assert raised.value.path == str(tmp_path)
