import json
import shutil

import keras
import numpy as np
import pytest

import sact_keras
from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.checkpoints.mismatch import CheckpointMismatchError
from sact_keras.checkpoints.saved_checkpoint import SavedCheckpoint
from sact_keras.checkpoints.store import CheckpointStore, find_checkpoint
from sact_keras.checkpoints.training_state import NonFiniteWeightsError


def dropout_model(units=3, learning_rate=0.1):
    """With momentum and a seed generator: all kinds of state that a run can have."""
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(units, name="hidden"),
            keras.layers.BatchNormalization(name="norm"),
            keras.layers.Dropout(0.5, seed=1, name="dropout"),
            keras.layers.Dense(1, name="out"),
        ]
    )
    model.compile(keras.optimizers.SGD(learning_rate, momentum=0.9), "mse")
    return model


def train_steps(model, steps):
    inputs = np.linspace(-1, 1, 32).reshape(8, 4).astype("float32")
    for step in range(steps):
        model.train_on_batch(inputs + step, inputs[:, :1])


def state(model):
    variables = (*model.variables, *model.optimizer.variables)
    return [keras.ops.convert_to_numpy(variable) for variable in variables]


def assert_same_state(first, second):
    for a, b in zip(state(first), state(second), strict=True):
        np.testing.assert_array_equal(a, b)


def test_restoring_is_exact(tmp_path):
    """Weights, momentum, iterations and the dropout's random numbers go on."""
    store = CheckpointStore(tmp_path)
    model = dropout_model()
    train_steps(model, 3)
    store.save(model, 3, {"accuracy": 0.5})
    train_steps(model, 4)

    other = dropout_model()
    assert store.restore(other, store.latest()) == 3
    assert int(other.optimizer.iterations) == 3
    train_steps(other, 4)
    assert_same_state(model, other)


def test_keras_itself_reads_the_weights(tmp_path):
    model = dropout_model()
    checkpoint = CheckpointStore(tmp_path).save(model, 1)
    other = dropout_model()
    other.load_weights(checkpoint.weights_path)
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_latest_few_and_best_are_kept(tmp_path):
    store = CheckpointStore(tmp_path, keep=2)
    model = dropout_model()
    for step in (5, 10, 15, 20, 25):
        checkpoint = store.save(model, step, {"accuracy": step / 100})
        if step == 10:
            store.mark_best(checkpoint)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["best", "step-00000010", "step-00000020", "step-00000025"]
    assert store.best().step == 10
    store.mark_best(store.latest())
    assert not (tmp_path / "step-00000010").exists()
    assert store.best().step == 25


def test_saving_a_step_again_adds_its_metrics(tmp_path):
    store = CheckpointStore(tmp_path)
    model = dropout_model()
    store.save(model, 1)
    store.save(model, 1, {"accuracy": 0.5})
    assert store.save(model, 1).metrics == {"accuracy": 0.5}
    assert store.latest().metrics == {"accuracy": 0.5}


def test_a_checkpoint_truncated_anywhere_is_passed_by(tmp_path, caplog):
    store = CheckpointStore(tmp_path)
    model = dropout_model()
    store.save(model, 1)
    latest = store.save(model, 2)
    for file in sorted(latest.path.iterdir()):
        whole = file.read_bytes()
        for length in [*range(0, len(whole) - 1, len(whole) // 40), len(whole) - 2]:
            file.write_bytes(whole[:length])
            assert store.latest().step == 1
            assert "damaged" in caplog.text
            caplog.clear()
        file.write_bytes(whole)
    assert store.latest().step == 2


def test_a_changed_byte_or_a_missing_file_is_seen(tmp_path):
    checkpoint = CheckpointStore(tmp_path).save(dropout_model(), 1)
    content = bytearray(checkpoint.weights_path.read_bytes())
    content[len(content) // 2] ^= 1
    checkpoint.weights_path.write_bytes(content)
    with pytest.raises(DamagedFileError, match="SHA-256"):
        SavedCheckpoint.open(checkpoint.path)
    checkpoint.weights_path.unlink()
    with pytest.raises(DamagedFileError, match=r"model\.weights\.h5"):
        SavedCheckpoint.open(checkpoint.path)


def test_a_damaged_checkpoint_is_written_anew(tmp_path):
    store = CheckpointStore(tmp_path)
    model = dropout_model()
    checkpoint = store.save(model, 1)
    checkpoint.weights_path.write_bytes(b"")
    store.save(model, 1)
    assert store.latest().step == 1


def test_damaged_checkpoints_do_not_displace_new_ones(tmp_path):
    store = CheckpointStore(tmp_path, keep=1)
    model = dropout_model()
    store.mark_best(store.save(model, 9))
    (tmp_path / "step-00000009" / "checkpoint.json").write_text("{")
    store.set_aside_after(4)
    store.save(model, 5)
    assert store.latest().step == 5
    assert store.best() is None
    assert (tmp_path / "damaged-step-00000009").is_dir()


def test_another_format_version_is_refused(tmp_path):
    checkpoint = CheckpointStore(tmp_path).save(dropout_model(), 1)
    index = checkpoint.path / "checkpoint.json"
    index.write_text(json.dumps({**json.loads(index.read_text()), "format_version": 9}))
    with pytest.raises(DamagedFileError, match="9"):
        SavedCheckpoint.open(checkpoint.path)


@pytest.mark.parametrize(
    "change",
    [
        {"step": 2},
        {"metrics": {"accuracy": 1.0}},
        {"sha256": "0"},
        {"sha256": None},
        {"files": {}},
        {"files": []},
        {"files": {"model.weights.h5": {"bytes": 1}}},
        {"files": {"model.weights.h5": None}},
        {"more": 1},
    ],
)
def test_an_altered_index_is_refused(tmp_path, change):
    checkpoint = CheckpointStore(tmp_path).save(dropout_model(), 1, {"accuracy": 0.5})
    index = checkpoint.path / "checkpoint.json"
    index.write_text(json.dumps(json.loads(index.read_text()) | change))
    with pytest.raises(DamagedFileError, match=f"{checkpoint.path} is damaged"):
        SavedCheckpoint.open(checkpoint.path)


def test_an_index_of_version_1_has_no_checksum(tmp_path):
    checkpoint = CheckpointStore(tmp_path).save(dropout_model(), 1)
    path = checkpoint.path / "checkpoint.json"
    index = json.loads(path.read_text())
    del index["sha256"]
    path.write_text(json.dumps(index))
    with pytest.raises(DamagedFileError, match="sha256"):
        SavedCheckpoint.open(checkpoint.path)
    path.write_text(json.dumps(index | {"format_version": 1}))
    assert SavedCheckpoint.open(checkpoint.path).step == 1


def test_an_index_nested_without_end_is_refused(tmp_path):
    checkpoint = CheckpointStore(tmp_path).save(dropout_model(), 1)
    (checkpoint.path / "checkpoint.json").write_text("[" * 200_000)
    with pytest.raises(DamagedFileError, match="RecursionError"):
        SavedCheckpoint.open(checkpoint.path)


def test_leftovers_of_killed_runs_are_no_checkpoints(tmp_path):
    store = CheckpointStore(tmp_path)
    checkpoint = store.save(dropout_model(), 1)
    leftover = tmp_path / ".tmp-step-00000002-abc"
    shutil.copytree(checkpoint.path, leftover)
    assert store.latest().step == 1
    store.clean()
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001"]


@pytest.mark.parametrize("size", [0, 1000, 15000])
def test_a_failed_save_leaves_nothing(tmp_path, longest_file, size):
    """HDF5 itself would end the program by a segmentation fault."""
    store = CheckpointStore(tmp_path)
    model = dropout_model()
    said = f"File too large: '{tmp_path / 'step-00000001'}'$"
    with longest_file(size), pytest.raises(OSError, match=said):
        store.save(model, 1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("where", ["weights", "optimizer"])
def test_weights_that_are_not_finite_are_not_saved(tmp_path, value, where):
    store = CheckpointStore(tmp_path)
    model = dropout_model()
    store.save(model, 1)
    owner = model if where == "weights" else model.optimizer
    variable = owner.variables[1]
    variable.assign(np.full(variable.shape, value))
    for step in (1, 2):
        with pytest.raises(NonFiniteWeightsError, match=f"step {step}"):
            store.save(model, step, {"accuracy": 0.5})
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001"]


def test_restoring_another_architecture_changes_nothing(tmp_path):
    store = CheckpointStore(tmp_path)
    store.save(dropout_model(units=3), 1)
    other = dropout_model(units=5)
    train_steps(other, 1)
    before = state(other)
    with pytest.raises(CheckpointMismatchError, match="hidden/kernel"):
        store.restore(other, store.latest())
    for a, b in zip(before, state(other), strict=True):
        np.testing.assert_array_equal(a, b)


def test_restoring_another_optimizer_is_refused(tmp_path):
    store = CheckpointStore(tmp_path)
    store.save(dropout_model(), 1)
    other = dropout_model()
    other.compile("adam", "mse")
    with pytest.raises(DamagedFileError, match="the optimizer"):
        store.restore(other, store.latest())


def test_finding_a_checkpoint(tmp_path):
    store = CheckpointStore(tmp_path / "checkpoints")
    model = dropout_model()
    store.mark_best(store.save(model, 1))
    store.save(model, 2)
    for path, step in (
        (tmp_path, 2),
        (store.directory, 2),
        (store.directory / "step-00000001", 1),
        (store.directory / "best", 1),
    ):
        assert find_checkpoint(path).step == step


@pytest.mark.parametrize("name", ["empty", "absent"])
def test_a_directory_without_a_checkpoint(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        FileNotFoundError, match=r"neither step-<number>/checkpoint\.json"
    ):
        find_checkpoint(tmp_path / name)


def test_load_checkpoint_takes_what_the_store_saves(tmp_path):
    model, other = (
        sact_keras.build_model("sact", model="1_2_1", base_channels=4) for _ in range(2)
    )
    model.compile(keras.optimizers.SGD(0.1))
    store = CheckpointStore(tmp_path / "checkpoints")
    store.save(model, 3)
    sact_keras.load_checkpoint(other, tmp_path)
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
