import json
import signal

import keras
import numpy as np
import pytest
from tiny_training import TinyDataset, tiny_options

import sact_keras
from sact_keras.checkpoints.mismatch import CheckpointMismatchError
from sact_keras.checkpoints.store import CheckpointStore
from sact_keras.training.build import build_network
from sact_keras.training.callbacks.nan_guard import DivergedError
from sact_keras.training.dataset_evaluation import DatasetEvaluation
from sact_keras.training.metrics_file import MetricsFile
from sact_keras.training.steps import Interrupted
from sact_keras.training.train import train


def files_of(directory):
    return sorted(path.name for path in directory.iterdir())


def test_a_run_leaves_what_it_should(tmp_path):
    options = tiny_options(tmp_path, max_number_of_steps=25, eval_interval_steps=10)
    evaluation = train(options, TinyDataset())
    assert evaluation.num_examples == 24
    assert set(files_of(tmp_path)) >= {"checkpoints", "config.json", "metrics.jsonl"}
    assert any("tfevents" in name for name in files_of(tmp_path))
    lines = MetricsFile(tmp_path / "metrics.jsonl").read()
    assert [(line["step"], line["split"]) for line in lines] == [
        (10, "train"),
        (10, "test"),
        (20, "train"),
        (20, "test"),
        (25, "train"),
        (25, "test"),
    ]
    assert {"loss", "accuracy", "ponder_loss", "learning_rate"} <= lines[0].keys()
    accuracies = {
        line["step"]: line["eval/Accuracy"] for line in lines if line["split"] == "test"
    }
    store = CheckpointStore(tmp_path / "checkpoints")
    assert store.latest().step == 25
    best = store.best()
    assert best.metrics["accuracy"] == max(accuracies.values()) == accuracies[best.step]
    flags = json.loads((tmp_path / "config.json").read_text())["flags"]
    assert flags == options.flags()


@pytest.mark.slow
def test_training_learns(tmp_path):
    options = tiny_options(
        tmp_path,
        model_type="vanilla",
        batch_size=16,
        max_number_of_steps=40,
        eval_interval_steps=0,
    )
    train(options, TinyDataset())
    lines = MetricsFile(tmp_path / "metrics.jsonl").read()
    assert lines[-1]["loss"] < 0.8 * lines[0]["loss"]


@pytest.fixture(scope="module")
def vanilla_run(tmp_path_factory):
    """(options, directory) of a run of two steps, which is left as it is."""
    directory = tmp_path_factory.mktemp("vanilla")
    options = tiny_options(directory, model_type="vanilla", max_number_of_steps=2)
    train(options, TinyDataset())
    return options, directory


def test_a_finished_run_is_left_alone(vanilla_run):
    options, directory = vanilla_run
    before = {p: p.stat().st_mtime_ns for p in directory.rglob("*") if p.is_file()}
    assert train(options, TinyDataset()) is None
    assert before == {
        p: p.stat().st_mtime_ns for p in directory.rglob("*") if p.is_file()
    }


@pytest.fixture(scope="module")
def often_evaluated_run(tmp_path_factory):
    """Options from a directory, a run with them, and its results."""

    def options_for(directory):
        return tiny_options(
            directory,
            model_type="vanilla",
            base_channels=4,
            max_number_of_steps=25,
            eval_interval_steps=10,
        )

    directory = tmp_path_factory.mktemp("whole")
    return options_for, directory, train(options_for(directory), TinyDataset())


@pytest.mark.fast_with("25")
@pytest.mark.parametrize("broken_off", [10, 20, 25])
def test_an_evaluation_that_a_signal_breaks_off_is_made_up_for(
    often_evaluated_run, tmp_path, monkeypatch, broken_off
):
    options_for, whole, results = often_evaluated_run

    class Signalled(DatasetEvaluation):
        """An evaluation in the midst of which the system wants its machine back."""

        left = {10: 1, 20: 2, 25: 3}[broken_off]

        def __call__(self):
            Signalled.left -= 1
            if Signalled.left == 0:
                signal.raise_signal(signal.SIGTERM)
            return super().__call__()

    with monkeypatch.context() as patch:
        patch.setattr("sact_keras.training.train.DatasetEvaluation", Signalled)
        with pytest.raises(Interrupted):
            train(options_for(tmp_path), TinyDataset())
    store = CheckpointStore(tmp_path / "checkpoints")
    assert store.latest().step == broken_off
    metrics = MetricsFile(tmp_path / "metrics.jsonl")
    assert not metrics.has_evaluation(broken_off)
    resumed = train(options_for(tmp_path), TinyDataset())
    assert resumed.values == results.values
    expected = MetricsFile(whole / "metrics.jsonl").read()
    found = metrics.read()
    for line in expected + found:
        del line["time"]
    assert found == expected
    best = CheckpointStore(whole / "checkpoints").best()
    assert (store.best().step, store.best().metrics) == (best.step, best.metrics)


def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_good(tmp_path):
    options = tiny_options(
        tmp_path,
        model_type="vanilla",
        max_number_of_steps=30,
        save_interval_secs=0.0,
        learning_rate=1e30,
    )
    with pytest.raises(DivergedError, match=r"step \d+") as error:
        train(options, TinyDataset())
    checkpoint = CheckpointStore(tmp_path / "checkpoints").latest()
    assert f"{checkpoint.path}, is kept" in str(error.value)
    model = sact_keras.build_model("vanilla", dataset="shapes", model="1")
    sact_keras.load_checkpoint(model, checkpoint.path)
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


def test_the_step_of_a_bad_image_is_named(tmp_path):
    """A NaN in the data at one step is seen at that step, not at a window's end."""

    class Poisoned(TinyDataset):
        def training_batches(self, batch_size, *, seed, start_step=0, **options):
            batches = super().training_batches(
                batch_size, seed=seed, start_step=start_step, **options
            )
            bad = 3 - start_step
            return batches.enumerate().map(
                lambda step, batch: (
                    batch[0] + keras.ops.where(step == bad, float("nan"), 0.0),
                    batch[1],
                )
            )

    options = tiny_options(
        tmp_path, model_type="vanilla", max_number_of_steps=9, save_interval_secs=0.0
    )
    with pytest.raises(DivergedError, match="at step 4 of 9"):
        train(options, Poisoned())
    assert CheckpointStore(tmp_path / "checkpoints").latest().step == 3


def test_finetuning_starts_from_a_vanilla_run(vanilla_run, tmp_path):
    _, plain = vanilla_run
    start = sact_keras.build_model("vanilla", dataset="shapes", model="1")
    sact_keras.load_checkpoint(start, plain)

    seen = []

    class Spied(TinyDataset):
        def training_batches(self, *arguments, **options):
            seen.append(options.get("start_step", 0))
            return super().training_batches(*arguments, **options)

    options = tiny_options(
        tmp_path,
        model_type="act",
        max_number_of_steps=1,
        finetune_path=str(plain),
        learning_rate=1e-12,
    )
    train(options, Spied())
    tuned = sact_keras.build_model("act", dataset="shapes", model="1")
    sact_keras.load_checkpoint(tuned, tmp_path)
    trained = {v.path.split("/", 1)[1]: v.numpy() for v in tuned.trainable_variables}
    for variable in start.trainable_variables:
        np.testing.assert_allclose(
            trained[variable.path.split("/", 1)[1]], variable.numpy(), atol=1e-6
        )
    assert set(seen) == {0}


def test_finetuning_from_another_architecture_writes_nothing(vanilla_run, tmp_path):
    _, plain = vanilla_run
    directory = tmp_path / "adaptive"
    options = tiny_options(directory, model="1_2_1", finetune_path=str(plain))
    with pytest.raises(CheckpointMismatchError, match="block_2/unit_2"):
        train(options, TinyDataset())
    assert not directory.exists()


@pytest.mark.fast_with("aig")
@pytest.mark.parametrize("model_type", ["aig", "dynconv"])
def test_gated_networks_train(tmp_path, model_type):
    seen = []

    class NotAugmented(TinyDataset):
        """A crop of four pixels would move a bar to its neighbour's place."""

        def training_batches(self, batch_size, *, preprocessing, **options):
            seen.append(preprocessing)
            return self.evaluation_batches(
                batch_size, split="train", preprocessing=preprocessing
            ).repeat()

    options = tiny_options(
        tmp_path,
        model_type=model_type,
        batch_size=16,
        max_number_of_steps=40,
        eval_interval_steps=0,
    )
    train(options, NotAugmented())
    assert set(seen) == {model_type}
    lines = MetricsFile(tmp_path / "metrics.jsonl").read()
    assert lines[-1]["loss"] < 0.8 * lines[0]["loss"]
    assert {"aig": "target_rate_loss", "dynconv": "budget_loss"}[model_type] in lines[0]
    model = sact_keras.build_model(model_type, dataset="shapes", model="1")
    sact_keras.load_checkpoint(model, tmp_path)
    assert float(model.progress) == 1.0


@pytest.mark.slow
def test_gated_networks_start_from_a_vanilla_network(tmp_path):
    plain, gated = tmp_path / "plain.weights.h5", tmp_path / "gated"
    flags = {"variant": "aig", "base_channels": 4, "learning_rate": 1e-12}
    start = build_network(tiny_options(gated, model_type="vanilla", **flags))
    start.save_weights(plain)
    options = tiny_options(
        gated,
        model_type="aig",
        max_number_of_steps=1,
        finetune_path=str(plain),
        **flags,
    )
    train(options, TinyDataset())
    tuned = build_network(options)
    sact_keras.load_checkpoint(tuned, gated)
    trained = {v.path.split("/", 1)[1]: v.numpy() for v in tuned.trainable_variables}
    for variable in start.trainable_variables:
        np.testing.assert_allclose(
            trained[variable.path.split("/", 1)[1]], variable.numpy(), atol=1e-6
        )


@pytest.mark.slow
def test_gates_that_sample_in_evaluation_do_not_move_the_training(tmp_path):
    """Neither how often it is evaluated nor what is drawn there."""

    def trained(name, **flags):
        options = tiny_options(
            tmp_path / name,
            model_type="aig",
            base_channels=4,
            max_number_of_steps=4,
            **flags,
        )
        train(options, TinyDataset())
        checkpoint = CheckpointStore(tmp_path / name / "checkpoints").latest()
        model = build_network(options)
        sact_keras.load_checkpoint(model, checkpoint)
        return model.get_weights(), checkpoint.random_states

    weights, states = trained("never", eval_interval_steps=0)
    found, found_states = trained("often", eval_interval_steps=1, gate_eval="sample")
    assert found_states == states
    for value, expected in zip(found, weights, strict=True):
        np.testing.assert_array_equal(value, expected)
