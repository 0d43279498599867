"""The original's TensorFlow 1 checkpoints."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from slim_checkpoint import write_slim_checkpoint

import sact_keras
from sact_keras.checkpoints.mismatch import CheckpointMismatchError
from sact_keras.checkpoints.sact import (
    find_tensorflow_checkpoint,
    load_sact,
    named_variables,
)


def small_model(model_type="sact", model="1_2_1", base_channels=4, **arguments):
    return sact_keras.build_model(
        model_type, model=model, base_channels=base_channels, **arguments
    )


def random_arrays(model):
    rng = np.random.default_rng(0)
    return {
        name: rng.uniform(0.5, 1.5, stored.shape).astype("float32")
        for name, stored in named_variables(model)
    }


@pytest.fixture
def checkpoint(tmp_path):
    """(directory, prefix, arrays) of a small SACT model's checkpoint."""
    arrays = random_arrays(small_model())
    directory = tmp_path / "original"
    return directory, write_slim_checkpoint(directory, arrays), arrays


def assert_loaded(model, arrays):
    for name, stored in named_variables(model):
        np.testing.assert_array_equal(
            stored.variable, arrays[name].reshape(stored.variable.shape), err_msg=name
        )


def assert_refused(error, model, *arguments, match=None, **keywords):
    """Loading raises `error` and leaves the model as it was; returns the error."""
    before = model.get_weights()
    with pytest.raises(error, match=match) as caught:
        load_sact(model, *arguments, **keywords)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    return caught.value


@pytest.mark.parametrize("model_type", ["vanilla", "act", "sact"])
def test_every_weight_has_one_name(model_type):
    model = small_model(model_type, model="2")
    named = dict(named_variables(model))
    assert len(named) == len(list(named_variables(model))) == len(model.weights)
    assert {id(s.variable) for s in named.values()} == {id(w) for w in model.weights}


@pytest.mark.parametrize(
    "place",
    [
        "original",
        "original/model.ckpt-1234",
        "original/model.ckpt-1234.index",
        "original/model.ckpt-1234.data-00000-of-00001",
    ],
)
def test_is_found_by_directory_prefix_and_file(checkpoint, place):
    directory, prefix, arrays = checkpoint
    path = directory.parent / place
    assert find_tensorflow_checkpoint(path) == prefix
    for each in (path, str(path)):
        model = small_model()
        sact_keras.load_checkpoint(model, each)
        assert_loaded(model, arrays)


def test_a_moved_directory_still_names_its_old_place(checkpoint, tmp_path):
    directory, prefix, arrays = checkpoint
    (directory / "checkpoint").write_text(f'model_checkpoint_path: "{prefix}"\n')
    moved = tmp_path / "elsewhere"
    shutil.move(directory, moved)
    assert find_tensorflow_checkpoint(moved) == str(moved / "model.ckpt-1234")
    model = small_model()
    sact_keras.load_checkpoint(model, moved)
    assert_loaded(model, arrays)


def test_the_latest_of_several_is_named(checkpoint):
    directory, _, arrays = checkpoint
    later = {name: array + 1 for name, array in arrays.items()}
    write_slim_checkpoint(directory, later, step=99)
    model = small_model()
    sact_keras.load_checkpoint(model, directory)
    assert_loaded(model, later)


def test_what_is_not_a_weight_is_passed_over(tmp_path):
    model = small_model()
    arrays = random_arrays(model)
    slots = {
        "global_step": np.int64(7),
        "resnet_residual/Conv/weights/Momentum": np.zeros((3, 3, 3, 4), "float32"),
        "resnet_residual/Conv/weights/ExponentialMovingAverage": np.zeros(3, "float32"),
        "resnet_residual/logits/biases/Adam": np.zeros(10, "float32"),
        "resnet_residual/logits/biases/Adam_1": np.zeros(10, "float32"),
        "beta1_power": np.float32(0.9),
    }
    load_sact(model, write_slim_checkpoint(tmp_path, {**arrays, **slots}))
    assert_loaded(model, arrays)


def test_another_depth_names_the_units(checkpoint):
    _, prefix, _ = checkpoint
    error = assert_refused(CheckpointMismatchError, small_model(model="2_1_1"), prefix)
    halting = {"block_1/unit_1/halting_proba", "block_2/unit_1/halting_proba"}
    units = [
        {"/".join(n.split("/")[1:4]) for n in names} - halting
        for names in (
            error.missing,
            error.unexpected,
        )
    ]
    assert units == [{"block_1/unit_2/residual"}, {"block_2/unit_2/residual"}]
    assert error.wrong_shapes == []
    assert prefix in str(error)


def test_another_width_names_the_shapes(checkpoint):
    _, prefix, _ = checkpoint
    error = assert_refused(
        CheckpointMismatchError, small_model(base_channels=6), prefix
    )
    assert error.missing == error.unexpected == []
    assert ("resnet_residual/Conv/weights", (3, 3, 3, 6), (3, 3, 3, 4)) in (
        error.wrong_shapes
    )


def test_another_number_of_classes_names_the_logits(checkpoint):
    _, prefix, _ = checkpoint
    error = assert_refused(CheckpointMismatchError, small_model(num_classes=3), prefix)
    assert error.wrong_shapes == [
        ("resnet_residual/logits/weights", (1, 1, 16, 3), (1, 1, 16, 10)),
        ("resnet_residual/logits/biases", (3,), (10,)),
    ]
    assert "resnet_residual/logits/weights" in str(error)


def test_another_method_names_the_halting_branches(checkpoint):
    _, prefix, _ = checkpoint
    error = assert_refused(CheckpointMismatchError, small_model("vanilla"), prefix)
    assert error.unexpected
    assert all("/halting_proba/" in name for name in error.unexpected)
    error = assert_refused(CheckpointMismatchError, small_model("act"), prefix)
    assert [n for n in error.missing if "global_conv/biases" in n] == error.missing


@pytest.mark.parametrize("model_type", ["act", "sact"])
def test_a_vanilla_checkpoint_starts_an_adaptive_model(model_type, tmp_path):
    arrays = random_arrays(small_model("vanilla"))
    write_slim_checkpoint(tmp_path, arrays)
    model = small_model(model_type)
    assert_refused(CheckpointMismatchError, model, find_tensorflow_checkpoint(tmp_path))
    fresh = {
        name: stored.variable.numpy()
        for name, stored in named_variables(model)
        if "/halting_proba/" in name
    }
    assert fresh
    sact_keras.load_checkpoint(model, tmp_path, skip_halting=True)
    assert_loaded(model, {**arrays, **fresh})


def test_skip_halting_leaves_the_branches_of_the_checkpoint_too(checkpoint):
    _, prefix, arrays = checkpoint
    model = small_model()
    fresh = {
        name: stored.variable.numpy()
        for name, stored in named_variables(model)
        if "/halting_proba/" in name
    }
    load_sact(model, prefix, skip_halting=True)
    assert_loaded(model, {**arrays, **fresh})


def test_an_index_without_data_is_unreadable(checkpoint):
    _, prefix, _ = checkpoint
    Path(f"{prefix}.data-00000-of-00001").unlink()
    assert_refused(
        ValueError, small_model(), prefix, match=r"1234 is not a readable checkpoint"
    )


def test_truncated_data_is_unreadable(checkpoint):
    _, prefix, _ = checkpoint
    data = Path(f"{prefix}.data-00000-of-00001")
    data.write_bytes(data.read_bytes()[:1000])
    assert_refused(ValueError, small_model(), prefix, match="not a readable checkpoint")


def test_a_flipped_byte_in_the_data_is_noticed(checkpoint):
    _, prefix, _ = checkpoint
    data = Path(f"{prefix}.data-00000-of-00001")
    content = bytearray(data.read_bytes())
    content[len(content) // 2] ^= 0xFF
    data.write_bytes(content)
    assert_refused(ValueError, small_model(), prefix, match="not a readable checkpoint")


def test_an_index_of_something_else_is_unreadable(tmp_path):
    (tmp_path / "model.ckpt-1.index").write_text("This is not an index.")
    assert_refused(
        ValueError,
        small_model(),
        tmp_path / "model.ckpt-1",
        match="not a readable checkpoint",
    )


def test_a_state_that_names_missing_files(tmp_path):
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "model.ckpt-7"\n')
    with pytest.raises(FileNotFoundError, match=r"names .*model\.ckpt-7.* not in"):
        find_tensorflow_checkpoint(tmp_path)


@pytest.mark.parametrize("place", ["", "nothing", "model.ckpt-5", "notes.txt"])
def test_what_is_no_tensorflow_checkpoint_is_not_found(tmp_path, place):
    (tmp_path / "notes.txt").write_text("model_checkpoint_path")
    assert find_tensorflow_checkpoint(tmp_path / place) is None


def test_an_empty_state_is_not_found(tmp_path):
    (tmp_path / "checkpoint").write_text("")
    assert find_tensorflow_checkpoint(tmp_path) is None
