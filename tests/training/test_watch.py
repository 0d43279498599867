import keras
import numpy as np
import pytest
from tiny_training import TinyDataset, tiny_options

import sact_keras
from sact_keras.checkpoints.store import CheckpointStore
from sact_keras.training.run_config import RunConfig
from sact_keras.training.watch import watch_checkpoints


@pytest.fixture
def model():
    model = sact_keras.build_model("vanilla", dataset="shapes", model="1")
    model.compile(keras.optimizers.SGD(0.1))
    return model


def options_for(directory, path=None, **changes):
    """Of an evaluation of a vanilla run, or of a file in its directory."""
    path = str(path or directory)
    return tiny_options(directory, model_type="vanilla", checkpoint_dir=path, **changes)


def watch(options, **arguments):
    reports = []

    def report(evaluation, step, path):
        reports.append((step, evaluation.num_examples, path))

    watch_checkpoints(options, TinyDataset(), report=report, **arguments)
    return reports


def test_new_checkpoints_are_evaluated_until_the_last_step(tmp_path, model):
    store = CheckpointStore(tmp_path / "checkpoints")
    options = options_for(tmp_path)
    RunConfig.of(options).write(tmp_path)
    to_come = iter([[3], [], [5, 6], [8]])
    waited = []

    def sleep(seconds):
        waited.append(seconds)
        for step in next(to_come):
            store.save(model, step)

    reports = watch(options, num_steps=8, sleep=sleep)
    assert [step for step, _, _ in reports] == [3, 6, 8]
    assert waited == [options.eval_interval_secs] * 4


def test_once(tmp_path, model):
    store = CheckpointStore(tmp_path / "checkpoints")
    store.save(model, 1)
    store.save(model, 2)
    options = options_for(tmp_path, evaluate_once=True, num_examples=5)
    reports = watch(options, num_steps=100)
    assert [(step, count) for step, count, _ in reports] == [(2, 5)]


@pytest.mark.parametrize("kind", ["checkpoint", "weights", "keras"])
def test_one_file_is_evaluated_once(tmp_path, model, kind):
    step = None
    if kind == "checkpoint":
        path, step = CheckpointStore(tmp_path).save(model, 7).path, 7
    elif kind == "weights":
        path = tmp_path / "model.weights.h5"
        model.save_weights(path)
    else:
        path = tmp_path / "model.keras"
        model.save(path)
    options = options_for(tmp_path, path)
    reports = watch(options, num_steps=100)
    assert [(found, count) for found, count, _ in reports] == [(step, 24)]


def test_an_original_checkpoint(golden_case, tmp_path):
    case = golden_case("v1")
    options = tiny_options(
        tmp_path,
        model_type=case.options["model_type"],
        model=case.options["model"],
        checkpoint_dir=str(case.directory),
    )
    reports = watch(options, num_steps=None)
    assert [(step, count) for step, count, _ in reports] == [(1234, 24)]


def test_a_run_without_a_checkpoint_once(tmp_path):
    options = options_for(tmp_path, evaluate_once=True)
    RunConfig.of(options).write(tmp_path)
    with pytest.raises(FileNotFoundError, match="holds neither"):
        watch(options, num_steps=10)


def test_a_checkpoint_that_the_training_has_removed(tmp_path, model, monkeypatch):
    """The one after it is evaluated instead."""
    store = CheckpointStore(tmp_path / "checkpoints", keep=1)
    store.save(model, 1)
    options = options_for(tmp_path)
    from sact_keras.training import watch as module

    load = module.load_weights

    def removed_at_first(model_to_load, path, **arguments):
        if path.name == "step-00000001":
            store.save(model, 2)  # Removes step 1.
        load(model_to_load, path, **arguments)

    monkeypatch.setattr(module, "load_weights", removed_at_first)
    reports = watch(options, num_steps=2)
    assert [step for step, _, _ in reports] == [2]
    assert np.isfinite(reports[0][0])
