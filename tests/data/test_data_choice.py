"""What an unset `--dataset` becomes."""

import functools
import subprocess
import sys
import threading
import time

import cifar_on_disk as disk
import imagenet_on_disk
import pytest

from sact_keras.data import (
    DATASET_NAMES,
    DatasetChoice,
    DatasetError,
    choose_dataset,
)
from sact_keras.data.cifar_download import find_download_obstacle


@pytest.fixture(autouse=True)
def empty_home(tmp_path, monkeypatch):
    disk.home_without_data(monkeypatch, tmp_path / "home")


def offline(name, directory):
    return "no network"


def never(name, directory):
    raise AssertionError("the network was asked")


@pytest.mark.parametrize("name", DATASET_NAMES)
def test_named_data_set_is_never_replaced(name):
    choice = choose_dataset(name, None, find_obstacle=never)
    assert (choice.name, choice.is_fallback) == (name, False)


def test_unknown_name_is_refused():
    with pytest.raises(ValueError, match="dataset='mnist'"):
        choose_dataset("mnist", None)


@pytest.mark.parametrize("data_format", disk.FORMATS)
def test_cifar10_at_hand_is_taken_without_the_network(data_format, tmp_path):
    directory = disk.write_cifar(data_format, tmp_path / "data")
    choice = choose_dataset(None, str(tmp_path / "data"), find_obstacle=never)
    assert choice == DatasetChoice(
        "cifar10", str(tmp_path / "data"), f"cifar10 was found in {directory}", False
    )


@pytest.mark.parametrize("data_format", imagenet_on_disk.FORMATS)
def test_imagenet_is_taken_only_from_a_directory_that_is_named(data_format, tmp_path):
    root = tmp_path / "home" / "tensorflow_datasets"
    directory = imagenet_on_disk.write_imagenet(data_format, root)
    choice = choose_dataset(None, str(root), find_obstacle=never)
    reason = f"imagenet, and not cifar10, was found in {directory}"
    assert choice == DatasetChoice("imagenet", str(root), reason, False)
    assert choose_dataset(None, None, find_obstacle=offline).name == "shapes"
    disk.write_cifar("slim", root)
    assert choose_dataset(None, str(root), find_obstacle=never).name == "cifar10"


def test_cifar10_is_downloaded_where_that_is_possible(tmp_path):
    choice = choose_dataset(None, None, find_obstacle=lambda name, directory: None)
    assert (choice.name, choice.is_fallback) == ("cifar10", False)
    assert str(tmp_path / "home" / "tensorflow_datasets") in choice.reason


def test_falls_back_to_shapes_offline():
    choice = choose_dataset(None, None, find_obstacle=offline)
    assert (choice.name, choice.dataset_dir, choice.is_fallback) == (
        "shapes",
        None,
        True,
    )
    assert "no network" in choice.reason


def test_falls_back_in_time_when_the_network_hangs():
    hanging = functools.partial(
        find_download_obstacle,
        seconds=0.2,
        request_head=lambda url, seconds: threading.Event().wait(60),
    )
    start = time.monotonic()
    choice = choose_dataset(None, None, find_obstacle=hanging)
    assert time.monotonic() - start < 5
    assert choice.is_fallback


def test_named_directory_without_data_is_an_error(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match=r"cifar10_train\.tfrecord.*no network"):
        choose_dataset(None, str(tmp_path / "empty"), find_obstacle=offline)


def test_choosing_does_not_load_tensorflow(tmp_path):
    disk.write_cifar("tfds", tmp_path)
    program = (
        "import sys; from sact_keras.data import choose_dataset;"
        f"print(choose_dataset(None, {str(tmp_path)!r}).name,"
        " 'tensorflow' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == ["cifar10", "False"]
