import io
import os
import re
import signal
import types

import keras
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tiny_training import TinyDataset, tiny_model

from sact_keras.checkpoints.store import CheckpointStore
from sact_keras.training.callbacks.best_checkpoint import (
    BestCheckpoint,
    finish_marking,
)
from sact_keras.training.callbacks.checkpoint_saver import CheckpointSaver
from sact_keras.training.callbacks.metrics_log import MetricsLog
from sact_keras.training.callbacks.metrics_window import MetricsWindow
from sact_keras.training.callbacks.nan_guard import DivergedError, NanGuard
from sact_keras.training.callbacks.progress_bar import ProgressBar
from sact_keras.training.callbacks.stop_on_signal import StopOnSignal
from sact_keras.training.callbacks.tensorboard_summaries import TensorBoardSummaries
from sact_keras.training.callbacks.training_progress import TrainingProgress
from sact_keras.training.evaluation import Evaluation
from sact_keras.training.metrics_file import MetricsFile

LOGS = {"loss": 1.25, "accuracy": 0.5}


def compiled(model):
    model.compile(
        keras.optimizers.SGD(0.1, momentum=0.9),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
    )
    # A graph that makes the optimizer's variables is traced a second time.
    model.optimizer.build(model.trainable_variables)
    return model


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_is_redrawn_on_a_terminal():
    stream = Terminal()
    bar = ProgressBar(90, 100, batch_size=8, stream=stream)
    for batch in range(10):
        bar._shown_at = -float("inf")
        bar.on_train_batch_end(batch, LOGS)
    bar.on_train_end()
    drawn = stream.getvalue().split("\r")[1:]
    assert len(drawn) == 10
    assert drawn[0].startswith("[==================  ]  91/100  loss 1.2500")
    assert re.search(r"accuracy 50\.0%  \d+ images/s  0:00:00 left\n$", drawn[-1])


def test_progress_is_a_line_now_and_then_elsewhere():
    stream = io.StringIO()
    bar = ProgressBar(0, 100, batch_size=8, stream=stream, seconds=1e6)
    for batch in range(100):
        bar.on_train_batch_end(batch, LOGS)
    lines = stream.getvalue().splitlines()
    assert [line.split("  ")[0] for line in lines] == ["step 1/100", "step 100/100"]
    assert "\r" not in stream.getvalue()


@pytest.mark.parametrize("columns", [20, 60, 70, 80, 200])
def test_a_progress_line_never_wraps_for_its_bar(monkeypatch, columns):
    """What has wrapped cannot be redrawn in place."""
    monkeypatch.setenv("COLUMNS", str(columns))
    stream = Terminal()
    bar = ProgressBar(90_000, 100_000, batch_size=128, stream=stream)
    for batch in range(3):
        bar._shown_at = -float("inf")
        bar.on_train_batch_end(batch, LOGS)
    (line,) = re.findall(r"\r([^\r]*)$", stream.getvalue())
    assert "90003/100000  loss 1.2500" in line
    has_bar = line.startswith("[=")
    assert not has_bar or len(line.rstrip()) < columns
    assert has_bar or columns < 200


def test_the_speed_is_that_of_the_training_alone(monkeypatch):
    """An evaluation in between, which ends with a line of its own, does not count."""
    seconds = 0.0
    monkeypatch.setattr(
        "sact_keras.training.callbacks.progress_bar.time.monotonic", lambda: seconds
    )
    stream = io.StringIO()
    bar = ProgressBar(0, 100, batch_size=8, stream=stream, seconds=0.0)
    for batch in range(20):
        bar.on_train_batch_end(batch, LOGS)
        seconds += 0.5
        if batch == 9:
            seconds += 1000
            bar.say("evaluated")
    speeds = re.findall(r"(\d+) images/s  (\S+) left", stream.getvalue())
    assert {speed for speed, _ in speeds} == {"16"}
    assert speeds[-1][1] == "0:00:40"


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_a_line_of_its_own(stream):
    bar = ProgressBar(0, 10, batch_size=8, stream=stream)
    bar.on_train_batch_end(0, LOGS)
    bar.say("evaluated")
    last_line = stream.getvalue().removesuffix("\n").split("\n")[-1].split("\r")[-1]
    assert last_line.rstrip() == "evaluated"


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_nan_guard_says_at_which_step(loss):
    guard = NanGuard(40, 100)
    guard.on_train_batch_end(0, LOGS)
    with pytest.raises(DivergedError, match="at step 42 of 100"):
        guard.on_train_batch_end(1, {"loss": loss})


def test_windows_of_the_metrics(tmp_path):
    """What is logged is the mean over each window, also over one begun midway."""
    model = compiled(tiny_model("vanilla", model="1"))
    dataset = TinyDataset().training_batches(8, seed=0)
    metrics = MetricsFile(tmp_path / "metrics.jsonl")
    losses = []

    class Spy(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            losses.append((logs["loss"], batch))

    where = {"start_step": 3, "num_steps": 9, "window": 4}
    callbacks = [Spy(), MetricsLog(metrics, **where), MetricsWindow(**where)]
    model.fit(dataset, steps_per_epoch=6, shuffle=False, verbose=0, callbacks=callbacks)
    lines = metrics.read()
    assert [line["step"] for line in lines] == [4, 8, 9]
    # The one step of the last window stands alone: the window before is forgotten.
    assert [line["loss"] for line in lines] == [
        losses[0][0],
        losses[4][0],
        losses[5][0],
    ]
    assert lines[0]["learning_rate"] == pytest.approx(0.1)
    assert lines[0]["split"] == "train"


def test_saver_goes_by_the_clock_and_saves_the_last_step(tmp_path):
    model = compiled(tiny_model("vanilla"))
    store = CheckpointStore(tmp_path, keep=10)
    for seconds, steps in ((1e6, [4]), (0, [1, 2, 3, 4])):
        saver = CheckpointSaver(store, 0, 4, seconds=seconds)
        saver.set_model(model)
        saver.on_train_begin()
        for batch in range(4):
            saver.on_train_batch_end(batch, LOGS)
        assert [int(path.name[5:]) for path in sorted(tmp_path.glob("step-*"))] == steps


def test_best_checkpoint_is_kept_and_remembered(tmp_path):
    model = compiled(tiny_model("vanilla"))
    store = CheckpointStore(tmp_path, keep=1)
    accuracies = {2: 0.3, 4: 0.7, 6: 0.7, 7: 0.5}

    def evaluate(step):
        return Evaluation(10, {"eval/Accuracy": accuracies[step]})

    saver = CheckpointSaver(store, 0, 7, seconds=0)
    best = BestCheckpoint(evaluate, saver, 0, 7, interval=2)
    for callback in (best, saver):
        callback.set_model(model)
    for batch in range(7):
        best.on_train_batch_end(batch, LOGS)
        saver.on_train_batch_end(batch, LOGS)
    assert store.best().step == 4
    assert store.best().metrics == {"accuracy": 0.7}
    assert store.latest().step == 7
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "best",
        "step-00000004",
        "step-00000007",
    ]
    resumed = BestCheckpoint(evaluate, saver, 7, 9, interval=2)
    assert resumed.best_accuracy == 0.7


def test_the_best_checkpoint_is_marked_where_a_kill_has_prevented_it(tmp_path):
    model = compiled(tiny_model("vanilla", model="1"))
    store = CheckpointStore(tmp_path)
    finish_marking(store, store.save(model, 1))
    assert store.best() is None
    finish_marking(store, store.save(model, 2, {"accuracy": 0.5}))
    assert store.best().step == 2
    finish_marking(store, store.save(model, 3, {"accuracy": 0.5}))
    assert store.best().step == 2
    finish_marking(store, store.save(model, 4, {"accuracy": 0.6}))
    assert store.best().step == 4


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_stops(number):
    saved = []
    saver = types.SimpleNamespace(save=saved.append)
    handler = signal.getsignal(number)
    stop = StopOnSignal(saver, 10, 100)
    stop.set_model(types.SimpleNamespace(stop_training=False))
    with stop:
        stop.on_train_batch_end(0, LOGS)
        assert not stop.model.stop_training
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)  # From `timeout`, which also signals its group.
        stop.on_train_batch_end(1, LOGS)
    assert (stop.received, saved) == (number, [12])
    assert stop.model.stop_training
    assert signal.getsignal(number) == handler


def test_summaries_for_tensorboard(tmp_path):
    model = compiled(tiny_model("sact"))
    images, _ = next(iter(TinyDataset().evaluation_batches(2)))
    summaries = TensorBoardSummaries(tmp_path, 0, 20, 1e6, images=images.numpy())
    summaries.set_model(model)
    for batch in range(20):
        summaries.on_train_batch_end(batch, LOGS)
    summaries.on_train_end()
    written = EventAccumulator(str(tmp_path), size_guidance={"tensors": 0}).Reload()
    scalars = {"loss": 1.25, "accuracy": 0.5, "learning_rate": 0.1}
    assert set(written.Tags()["tensors"]) == {*scalars, "ponder_cost"}
    for tag, value in scalars.items():
        events = written.Tensors(tag)
        # The first as soon as a window is full, and the last step's.
        assert [event.step for event in events] == [10, 20]
        for event in events:
            assert tf.make_ndarray(event.tensor_proto) == pytest.approx(value)
    heatmaps = written.Tensors("ponder_cost")[0].tensor_proto
    width, height, *pictures = heatmaps.string_val
    assert (int(width), int(height), len(pictures)) == (2 * 32 + 5, 32, 2)
    assert tf.io.decode_png(pictures[0]).shape == (32, 69, 3)


def test_progress_is_the_share_of_the_steps_that_are_done():
    model = compiled(tiny_model("dynconv", model="1"))
    seen = []

    class Spy(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            seen.append(float(model.progress))

    batches = TinyDataset().training_batches(8, seed=0)
    callbacks = [TrainingProgress(start_step=6, num_steps=10), Spy()]
    model.fit(batches, steps_per_epoch=4, shuffle=False, verbose=0, callbacks=callbacks)
    assert seen == pytest.approx([0.6, 0.7, 0.8, 0.9])
    assert float(model.progress) == 1.0


def test_progress_is_set_where_jax_keeps_the_weights():
    order = []
    model = types.SimpleNamespace(
        jax_state_sync=lambda: order.append("sync"),
        progress=types.SimpleNamespace(assign=order.append),
    )
    callback = TrainingProgress(1, 4)
    callback.set_model(model)
    callback.on_train_begin()
    callback.on_train_batch_end(0, LOGS)
    assert order == ["sync", 0.25, "sync", 0.5]
