"""Trainings that prune: to the sparsity they were told, and as if never stopped."""

import json

import h5py
import numpy as np
import pytest
from tiny_training import TinyDataset, tiny_model, tiny_options

from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.checkpoints.mismatch import CheckpointMismatchError
from sact_keras.checkpoints.missing_extra_error import MissingExtraError
from sact_keras.checkpoints.store import CheckpointStore
from sact_keras.compression import PruneLowMagnitude, toolkit
from sact_keras.training.check_pruning import check_pruning
from sact_keras.training.options import Options
from sact_keras.training.pruning import make_pruning
from sact_keras.training.train import train
from sact_keras.training.usage_error import UsageError


@pytest.fixture
def installed():
    try:
        toolkit.import_toolkit()
    except MissingExtraError:
        pytest.skip("needs the extra [optimization]")


def pruned_options(directory, **changes):
    return tiny_options(
        directory,
        **{
            "model": "1_2_1",
            "base_channels": 4,
            "prune_final_sparsity": 0.75,
            "prune_end_step": 5,
            "prune_begin_step": 1,
            "prune_frequency": 2,
            "save_interval_secs": 0.0,
            "eval_interval_steps": 0,
            **changes,
        },
    )


def latest(directory):
    return CheckpointStore(directory / "checkpoints").latest()


def arrays_of(checkpoint):
    found = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset):
            found[name] = item[()]

    with h5py.File(checkpoint.weights_path) as file:
        file.visititems(visit)
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The run of a training that was never stopped, all its checkpoints kept."""
    try:
        toolkit.import_toolkit()
    except MissingExtraError:
        pytest.skip("needs the extra [optimization]")
    directory = tmp_path_factory.mktemp("whole")
    train(pruned_options(directory), TinyDataset())
    return directory


def test_ends_with_the_sparsity_that_was_asked_for(whole):
    model = tiny_model("sact")
    pruning = make_pruning(pruned_options(whole), model)
    store = CheckpointStore(whole / "checkpoints", companions=[pruning])
    pruned = [each.kernel for each in pruning._pruned]
    model.compile("sgd")
    model.load_weights(store.latest().weights_path)
    for kernel in pruned:
        size = int(np.prod(kernel.shape))
        assert np.count_nonzero(kernel.numpy()) == round(size / 4), kernel.path
    spared = {id(variable) for variable in model.trainable_variables}
    spared -= {id(kernel) for kernel in pruned}
    for variable in model.trainable_variables:
        if id(variable) in spared and variable.name == "kernel":
            assert np.all(variable.numpy() != 0), variable.path
    lines = [json.loads(text) for text in (whole / "metrics.jsonl").open()]
    assert lines[-1]["sparsity"] == pytest.approx(0.75, abs=1e-3)


@pytest.mark.parametrize("killed_at", [2, 3])
def test_goes_on_from_any_step(whole, tmp_path, monkeypatch, killed_at):
    """Before masks are computed anew, and after."""

    class Killed(BaseException):
        pass

    save = CheckpointStore.save

    def save_and_die(store, model, step, metrics=None):
        saved = save(store, model, step, metrics)
        if step == killed_at:
            raise Killed
        return saved

    options = pruned_options(tmp_path)
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(CheckpointStore, "save", save_and_die)
        train(options, TinyDataset())
    assert latest(tmp_path).step == killed_at
    train(options, TinyDataset())
    expected, found = arrays_of(latest(whole)), arrays_of(latest(tmp_path))
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)
    files = [
        (run / "checkpoints/step-00000006/pruning.npz") for run in (whole, tmp_path)
    ]
    first, second = (dict(np.load(file)) for file in files)
    assert first.keys() == second.keys()
    assert all(np.array_equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("content", [None, b"", b"nothing of ours"])
def test_a_checkpoint_without_its_masks_is_not_gone_on_from(whole, tmp_path, content):
    class Given:
        file_name = PruneLowMagnitude.file_name

        def encode(self):
            return content

    model = tiny_model("sact")
    model.compile("sgd")
    pruning = make_pruning(pruned_options(whole), model)
    companions = [] if content is None else [Given()]
    saved = CheckpointStore(tmp_path, companions=companions).save(model, 3)
    with pytest.raises(DamagedFileError, match=r"must hold pruning\.npz"):
        CheckpointStore(tmp_path, companions=[pruning]).restore(model, saved)


def test_starts_from_a_trained_network_with_what_decides(installed, tmp_path):
    del installed
    trained = tiny_model("sact", model="2")
    kernel = next(v for v in trained.weights if "local_conv/kernel" in v.path)
    kernel.assign(np.full(kernel.shape, 0.125))
    path = str(tmp_path / "trained.weights.h5")
    trained.save_weights(path)
    options = pruned_options(
        tmp_path / "run",
        model="2",
        finetune_path=path,
        learning_rate=1e-9,
    )
    train(options, TinyDataset())
    values = arrays_of(latest(tmp_path / "run"))
    halting = [
        value
        for name, value in values.items()
        if value.shape == kernel.shape and not name.startswith("optimizer/")
    ]
    assert any(np.allclose(value, 0.125) for value in halting)
    vanilla = str(tmp_path / "vanilla.weights.h5")
    tiny_model("vanilla", model="2").save_weights(vanilla)
    with pytest.raises(CheckpointMismatchError):
        train(
            options.replace(finetune_path=vanilla, train_log_dir=str(tmp_path / "no")),
            TinyDataset(),
        )


def test_pruning_may_come_all_at_once(installed, tmp_path):
    del installed
    train(
        pruned_options(
            tmp_path, prune_begin_step=0, prune_end_step=0, max_number_of_steps=2
        ),
        TinyDataset(),
    )
    lines = [json.loads(text) for text in (tmp_path / "metrics.jsonl").open()]
    assert lines[0]["sparsity"] == pytest.approx(0.75, abs=1e-3)


def test_resolved_flags_say_when():
    options = Options(
        dataset="cifar10", model_type="sact", prune_final_sparsity=0.8
    ).resolve_model()
    resolved = options.replace(max_number_of_steps=1000).resolve_schedule()
    assert (resolved.prune_end_step, resolved.prune_frequency) == (500, 50)
    assert resolved.default_log_dir().endswith("_pruned0.8")
    assert resolved.resolve_schedule() == resolved
    unpruned = options.replace(prune_final_sparsity=None).resolve_schedule()
    assert unpruned.prune_end_step is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"prune_final_sparsity": 1.0}, r"in \(0, 1\)\. Received: .*=1$"),
        ({"prune_final_sparsity": None, "prune_end_step": 5}, "prune_final_sparsity a"),
        ({"prune_frequency": 0}, "--prune_frequency must be at least 1"),
        ({"prune_also": "gates"}, "--prune_also must be among decisions, last_layer"),
        ({"prune_block": "2:4"}, "2:4 makes a sparsity of 0.5"),
        (
            {
                "prune_block": "2:4",
                "prune_final_sparsity": 0.5,
                "prune_end_step": 10,
            },
            "--prune_end_step has no meaning with --prune_block=2:4",
        ),
        ({"stage": "curriculum"}, "--prune_also=decisions"),
    ],
)
def test_refuses_flags_that_cannot_be_meant(changes, message):
    with pytest.raises(UsageError, match=message):
        check_pruning(Options(**{"prune_final_sparsity": 0.8, **changes}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"prune_end_step": 4}, "must come a multiple of --prune_frequency after"),
        ({"prune_end_step": 7}, "from --prune_begin_step to --max_number_of_steps"),
        ({"prune_begin_step": 9}, "from --prune_begin_step to --max_number_of_steps"),
    ],
)
def test_refuses_a_schedule_that_does_not_reach_its_end(tmp_path, changes, message):
    with pytest.raises(UsageError, match=message):
        pruned_options(tmp_path, **changes)


def test_says_what_is_to_be_installed(tmp_path, monkeypatch):
    monkeypatch.setitem(
        __import__("sys").modules, "tensorflow_model_optimization", None
    )
    toolkit.import_toolkit.cache_clear()
    with pytest.raises(MissingExtraError, match=r"sact_keras\[optimization\]"):
        train(pruned_options(tmp_path / "run"), TinyDataset())
    assert not (tmp_path / "run").exists()
