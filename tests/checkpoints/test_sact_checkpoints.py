"""The original's TensorFlow 1 checkpoints."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from slim_checkpoint import write_slim_checkpoint

import sact_keras
from sact_keras.checkpoints.mismatch import CheckpointMismatchError
from sact_keras.checkpoints.sact import find_tensorflow_checkpoint, load_sact
from sact_keras.checkpoints.sact_names import named_variables

VARIABLES = {"v": np.ones(3, "float32"), "w": np.ones(2, "float32")}


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


@pytest.mark.parametrize(("version", "shards"), [(1, 2), (2, 1)])
@pytest.mark.parametrize("model_type", ["vanilla", "act", "sact"])
@pytest.mark.parametrize(
    ("dataset", "depth"), [("cifar10", "1_2_1"), ("imagenet", "1_2_1_1")]
)
def test_every_kind_is_read_back(tmp_path, dataset, depth, model_type, version, shards):
    build = {"dataset": dataset, "model": depth, "num_classes": 3}
    model = small_model(model_type, **build)
    arrays = random_arrays(model)
    step = {"global_step": np.int64(7)}
    write_slim_checkpoint(tmp_path, arrays | step, version=version, shards=shards)
    sact_keras.load_checkpoint(model, tmp_path)
    assert_loaded(model, arrays)


@pytest.mark.parametrize(
    ("version", "shards", "suffixes"),
    [
        (2, 1, (".index", ".data-00000-of-00001")),
        (2, 2, (".index", ".data-00001-of-00002")),
        (1, 1, ()),
        (1, 2, ("-00000-of-00002", "-00001-of-00002")),
    ],
)
def test_is_found_by_directory_prefix_and_file(tmp_path, version, shards, suffixes):
    prefix = write_slim_checkpoint(tmp_path, VARIABLES, version=version, shards=shards)
    for path in (tmp_path, prefix, *(f"{prefix}{suffix}" for suffix in suffixes)):
        assert_found(path, prefix)


def assert_found(path, prefix):
    for each in (Path(path), str(path)):
        assert find_tensorflow_checkpoint(each) == str(prefix)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("shards", [1, 2])
def test_each_place_loads(tmp_path, version, shards):
    model = small_model()
    arrays = random_arrays(model)
    prefix = write_slim_checkpoint(tmp_path, arrays, version=version, shards=shards)
    initial = model.get_weights()
    for path in (tmp_path, str(tmp_path), prefix, Path(prefix)):
        model.set_weights(initial)
        sact_keras.load_checkpoint(model, path)
        assert_loaded(model, arrays)


def test_version_1_needs_no_special_name(tmp_path):
    model = small_model()
    arrays = random_arrays(model)
    prefix = write_slim_checkpoint(tmp_path, arrays, version=1)
    plain = shutil.copy(prefix, tmp_path / "resnet")
    sact_keras.load_checkpoint(model, plain)
    assert_loaded(model, arrays)


OLD_PLACES = [
    "/home/michael/models/cifar10_resnet_5/model.ckpt-1234",
    "../models/model.ckpt-1234",
    r"C:\\models\\model.ckpt-1234",
]


@pytest.mark.parametrize("place", OLD_PLACES)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "  \n"])
def test_a_moved_directory_still_names_its_old_place(tmp_path, place, line_end):
    prefix = write_slim_checkpoint(tmp_path, VARIABLES)
    lines = [f'model_checkpoint_path: "{place}"']
    lines += [f'all_model_checkpoint_paths: "model.ckpt-{n}"' for n in (1, 99, 1234)]
    content = "".join(line + line_end for line in lines)
    (tmp_path / "checkpoint").write_text(content, newline="")
    assert_found(tmp_path, prefix)


def test_a_state_may_name_a_place_elsewhere(tmp_path):
    prefix = write_slim_checkpoint(tmp_path / "elsewhere", VARIABLES)
    (tmp_path / "checkpoint").write_text(f'model_checkpoint_path: "{prefix}"\n')
    assert_found(tmp_path, prefix)


@pytest.mark.parametrize("place", ["model.ckpt-1234", "/tmp/sact/model.ckpt-1234"])
def test_a_state_of_version_1_names_a_pattern(tmp_path, place):
    prefix = write_slim_checkpoint(tmp_path, VARIABLES, version=1, shards=2)
    state = f'model_checkpoint_path: "{place}-?????-of-00002"\n'
    (tmp_path / "checkpoint").write_text(state)
    assert_found(tmp_path, prefix)


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
        "resnet_residual/logits/biases/RMSProp": np.zeros(10, "float32"),
        "beta1_power": np.float32(0.9),
        "sync_rep_local_step": np.int64(7),
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
    # It is the same network in all but its last layer.
    assert str(error).startswith(f"The checkpoint {prefix} does not fit the model:")


def test_another_method_names_the_halting_branches(checkpoint):
    _, prefix, _ = checkpoint
    error = assert_refused(CheckpointMismatchError, small_model("vanilla"), prefix)
    assert error.unexpected
    assert all("/halting_proba/" in name for name in error.unexpected)
    assert "(sact, CIFAR, units 1_2_1)" in str(error)
    error = assert_refused(CheckpointMismatchError, small_model("act"), prefix)
    assert [n for n in error.missing if "global_conv/biases" in n] == error.missing
    assert "does not fit the model (act, CIFAR, units 1_2_1)" in str(error)


def test_the_other_family_is_said_first(checkpoint):
    _, prefix, _ = checkpoint
    model = small_model(dataset="imagenet", model="1_1_1_1")
    error = assert_refused(CheckpointMismatchError, model, prefix)
    assert str(error).splitlines()[0] == (
        f"The checkpoint {prefix} (sact, CIFAR, units 1_2_1) does not fit the model "
        "(vanilla, ImageNet, units 1_1_1_1):"
    )


def test_a_checkpoint_of_another_project_is_named_by_its_root(tmp_path):
    model = small_model("vanilla", dataset="imagenet", model="1_1_1_1")
    arrays = {
        name.replace("resnet_v2/", "resnet_v2_101/"): array
        for name, array in random_arrays(model).items()
    }
    prefix = write_slim_checkpoint(tmp_path, arrays)
    error = assert_refused(CheckpointMismatchError, model, prefix)
    assert "its variables begin with resnet_v2_101/" in str(error)
    assert "another project" in str(error)


@pytest.mark.parametrize("model_type", ["act", "sact"])
@pytest.mark.parametrize(
    "build", [{}, {"dataset": "imagenet", "model": "1_2_1_1", "num_classes": 3}]
)
def test_a_vanilla_checkpoint_starts_an_adaptive_model(model_type, build, tmp_path):
    arrays = random_arrays(small_model("vanilla", **build))
    write_slim_checkpoint(tmp_path, arrays)
    model = small_model(model_type, **build)
    error = assert_refused(
        CheckpointMismatchError, model, find_tensorflow_checkpoint(tmp_path)
    )
    assert "skip_decisions=True (--finetune_path)" in str(error)
    fresh = {
        name: stored.variable.numpy()
        for name, stored in named_variables(model)
        if "/halting_proba/" in name
    }
    assert fresh
    sact_keras.load_checkpoint(model, tmp_path, skip_decisions=True)
    assert_loaded(model, {**arrays, **fresh})


def test_skip_decisions_leaves_the_branches_of_the_checkpoint_too(checkpoint):
    _, prefix, arrays = checkpoint
    model = small_model()
    fresh = {
        name: stored.variable.numpy()
        for name, stored in named_variables(model)
        if "/halting_proba/" in name
    }
    load_sact(model, prefix, skip_decisions=True)
    assert_loaded(model, {**arrays, **fresh})


@pytest.mark.parametrize("model_type", ["aig", "dynconv"])
def test_gates_and_maskers_are_missing_in_the_original(tmp_path, model_type):
    model = small_model(model_type, variant="sact")
    arrays = random_arrays(model)
    prefix = write_slim_checkpoint(tmp_path, arrays)
    error = assert_refused(
        CheckpointMismatchError, model, prefix, match="skip_decisions=True"
    )
    assert all("/gates/" in n or "/maskers/" in n for n in error.missing)
    load_sact(model, prefix, skip_decisions=True)
    assert_loaded(model, arrays)
