"""`load_checkpoint` says what a checkpoint is by looking."""

import sys

import numpy as np
import pytest
from slim_checkpoint import write_slim_checkpoint
from torch_checkpoint import write_pickle

import sact_keras
from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.checkpoints.mismatch import CheckpointMismatchError
from sact_keras.checkpoints.missing_extra_error import MissingExtraError
from sact_keras.checkpoints.network_description import is_decision
from sact_keras.checkpoints.sact_names import named_variables

IMAGENET = {"dataset": "imagenet", "model": "1_2_1_1", "num_classes": 3}


def small_model(model_type="sact", **arguments):
    return sact_keras.build_model(
        model_type, **{"model": "1_2_1", "base_channels": 4, **arguments}
    )


def weights_of(model):
    return {name: stored.variable.numpy() for name, stored in named_variables(model)}


def write(model, directory, kind):
    """Writes the model's weights; returns the path to load them by."""
    if kind == "TensorFlow 1":
        arrays = {
            name: np.reshape(stored.variable, stored.shape)
            for name, stored in named_variables(model)
        }
        write_slim_checkpoint(directory, arrays)
        return directory
    path = directory / f"model{kind}"
    model.save(path) if kind == ".keras" else model.save_weights(path)
    return path


@pytest.mark.parametrize("kind", [".keras", ".weights.h5", "TensorFlow 1"])
def test_each_kind_is_recognized(kind, tmp_path):
    source, target = small_model(), small_model()
    sact_keras.load_checkpoint(target, write(source, tmp_path, kind))
    expected = weights_of(source)
    for name, value in weights_of(target).items():
        np.testing.assert_array_equal(value, expected[name], err_msg=name)


@pytest.mark.parametrize("kind", [".keras", ".weights.h5", "TensorFlow 1"])
@pytest.mark.parametrize("network", [{}, IMAGENET], ids=["cifar10", "imagenet"])
def test_a_vanilla_network_starts_an_adaptive_one(network, kind, tmp_path):
    source, target = small_model("vanilla", **network), small_model("sact", **network)
    path = write(source, tmp_path, kind)
    before = weights_of(target)
    with pytest.raises(CheckpointMismatchError, match="skip_decisions=True") as caught:
        sact_keras.load_checkpoint(target, path)
    units = network.get("model", "1_2_1")
    family = "ImageNet" if network else "CIFAR"
    assert f"(vanilla, {family}, units {units})" in str(caught.value)
    sact_keras.load_checkpoint(target, path, skip_decisions=True)
    expected = {**before, **weights_of(source)}
    for name, value in weights_of(target).items():
        np.testing.assert_array_equal(value, expected[name], err_msg=name)


@pytest.mark.parametrize("kind", [".keras", ".weights.h5", "TensorFlow 1"])
def test_what_decides_is_loaded_alone(kind, tmp_path):
    source, target = small_model(), small_model()
    before, expected = weights_of(target), weights_of(source)
    path = write(source, tmp_path, kind)
    sact_keras.load_checkpoint(target, path, only_decisions=True)
    for name, value in weights_of(target).items():
        taken = expected if is_decision(name) else before
        np.testing.assert_array_equal(value, taken[name], err_msg=name)
    with pytest.raises(CheckpointMismatchError, match="the model has none"):
        sact_keras.load_checkpoint(small_model("vanilla"), path, only_decisions=True)


def test_all_and_nothing_are_not_asked_for_at_once(tmp_path):
    with pytest.raises(ValueError, match="must not both be true"):
        sact_keras.load_checkpoint(
            small_model(), tmp_path, skip_decisions=True, only_decisions=True
        )


@pytest.mark.parametrize("kind", [".keras", ".weights.h5", "TensorFlow 1"])
def test_another_architecture_is_refused_whole(kind, tmp_path):
    path = write(small_model(model="2_1_1"), tmp_path, kind)
    target = small_model()
    before = weights_of(target)
    with pytest.raises(CheckpointMismatchError) as caught:
        sact_keras.load_checkpoint(target, path)
    assert caught.value.missing
    assert caught.value.unexpected
    first = str(caught.value).splitlines()[0]
    assert "(sact, CIFAR, units 2_1_1)" in first
    assert "(sact, CIFAR, units 1_2_1)" in first
    assert "skip_decisions" not in str(caught.value)
    for name, value in weights_of(target).items():
        np.testing.assert_array_equal(value, before[name])


@pytest.mark.parametrize("kind", [".keras", ".weights.h5", "TensorFlow 1"])
def test_the_other_family_is_refused_in_the_first_line(kind, tmp_path):
    path = write(small_model(), tmp_path, kind)
    with pytest.raises(CheckpointMismatchError) as caught:
        sact_keras.load_checkpoint(small_model(**IMAGENET), path)
    assert (
        str(caught.value)
        .splitlines()[0]
        .endswith(
            "(sact, CIFAR, units 1_2_1) does not fit the model "
            "(sact, ImageNet, units 1_2_1_1):"
        )
    )


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"state_dict" * 100])
def test_what_no_reader_knows(content, tmp_path):
    path = tmp_path / "model_best.pth.tar"
    path.write_bytes(content)
    with pytest.raises(DamagedFileError) as caught:
        sact_keras.load_checkpoint(small_model(), path)
    assert str(caught.value) == (
        f"{path} ({len(content)} bytes) is cut short, or a checkpoint neither of Keras "
        "nor of PyTorch nor of TensorFlow"
    )


@pytest.mark.parametrize("name", ["checkpoint_best.pth", "model.ckpt-3", "a.h5"])
def test_without_pytorch_the_extra_is_named(name, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    path = write_pickle(tmp_path / name, {"state_dict": {}})
    model = small_model("vanilla", variant="aig")
    with pytest.raises(MissingExtraError, match=r"pip install 'sact_keras\[import\]'"):
        sact_keras.load_checkpoint(model, path)


@pytest.mark.parametrize("place", ["", "missing", "missing/model.ckpt-3"])
def test_no_checkpoint(place, tmp_path):
    with pytest.raises(FileNotFoundError, match=str(tmp_path / place)):
        sact_keras.load_checkpoint(small_model(), tmp_path / place)
