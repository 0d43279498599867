import types

import keras
import pytest
import tensorflow as tf

from sact_keras.checkpoints.training_state import random_variables
from sact_keras.data import DatasetError
from sact_keras.training.callbacks.save_on_fault import SaveOnFault

LOST = DatasetError("the file is missing", path="train-00000-of-00001")


class Saver:
    def __init__(self, error=None):
        self.steps = []
        self.error = error

    def save(self, step):
        if self.error is not None:
            raise self.error
        self.steps.append(step)
        return types.SimpleNamespace(path=f"step-{step}")


@pytest.fixture(scope="module")
def model():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dropout(0.5)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model


def train(saver, error, model, fault=None, steps=(3, 4)):
    dataset = types.SimpleNamespace(fault=fault)
    callback = SaveOnFault(saver, dataset, start_step=2, num_steps=9)
    callback.set_model(model)
    callback.on_train_begin()
    with pytest.raises(type(error)) as caught, callback:
        for step in steps:
            callback.on_step_end(step, {})
        raise error
    assert caught.value is error


@pytest.mark.parametrize(
    ("error", "fault"),
    [(tf.errors.UnknownError(None, None, "a stream broke"), LOST), (LOST, None)],
)
def test_the_last_step_before_the_data_failed_is_saved(model, error, fault):
    saver = Saver()
    train(saver, error, model, fault)
    assert saver.steps == [4]


@pytest.mark.parametrize(
    "error",
    [
        tf.errors.ResourceExhaustedError(None, None, "out of memory"),
        OSError(28, "No space left on device"),
        KeyboardInterrupt(),
    ],
)
def test_nothing_is_saved_after_other_errors(model, error):
    saver = Saver()
    train(saver, error, model)
    assert saver.steps == []


def test_nothing_is_saved_where_nothing_was_trained_or_others_would_have_to_help(
    model,
):
    saver = Saver()
    train(saver, LOST, model, steps=())
    train(None, LOST, model)
    assert saver.steps == []


def test_a_disk_that_is_full_besides_does_not_hide_the_fault(model, caplog):
    train(Saver(OSError(28, "No space left on device")), LOST, model)
    assert "Step 4 is lost: [Errno 28] No space left on device" in caplog.text


def test_what_the_failed_step_has_advanced_is_put_back(model):
    """As a training that gets on without a fault leaves it."""
    (generator,) = random_variables(model)
    callback = SaveOnFault(
        Saver(), types.SimpleNamespace(fault=None), start_step=2, num_steps=9
    )
    callback.set_model(model)
    callback.on_train_begin()
    with pytest.raises(DatasetError), callback:
        callback.on_step_end(3, {})
        before = int(model.optimizer.iterations), generator.numpy().tolist()
        model.optimizer.iterations.assign_add(1)
        model(keras.ops.ones((1, 2)), training=True)
        assert generator.numpy().tolist() != before[1]
        raise LOST
    assert (int(model.optimizer.iterations), generator.numpy().tolist()) == before
