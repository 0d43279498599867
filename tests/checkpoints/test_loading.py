"""`load_checkpoint` says what a checkpoint is by looking."""

import numpy as np
import pytest
from slim_checkpoint import write_slim_checkpoint

import sact_keras
from sact_keras.checkpoints.mismatch import CheckpointMismatchError
from sact_keras.checkpoints.sact_names import named_variables


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
def test_a_vanilla_network_starts_an_adaptive_one(kind, tmp_path):
    source, target = small_model("vanilla"), small_model("sact")
    path = write(source, tmp_path, kind)
    before = weights_of(target)
    with pytest.raises(CheckpointMismatchError):
        sact_keras.load_checkpoint(target, path)
    sact_keras.load_checkpoint(target, path, skip_halting=True)
    expected = {**before, **weights_of(source)}
    for name, value in weights_of(target).items():
        np.testing.assert_array_equal(value, expected[name], err_msg=name)


@pytest.mark.parametrize("kind", [".keras", ".weights.h5", "TensorFlow 1"])
def test_another_architecture_is_refused_whole(kind, tmp_path):
    path = write(small_model(model="2_1_1"), tmp_path, kind)
    target = small_model()
    before = weights_of(target)
    with pytest.raises(CheckpointMismatchError) as caught:
        sact_keras.load_checkpoint(target, path)
    assert caught.value.missing
    assert caught.value.unexpected
    for name, value in weights_of(target).items():
        np.testing.assert_array_equal(value, before[name])


@pytest.mark.parametrize("place", ["", "missing", "missing/model.ckpt-3"])
def test_no_checkpoint(place, tmp_path):
    with pytest.raises(FileNotFoundError, match=str(tmp_path / place)):
        sact_keras.load_checkpoint(small_model(), tmp_path / place)
