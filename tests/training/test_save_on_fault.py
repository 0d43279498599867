import types

import pytest
import tensorflow as tf

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


def train(saver, error, fault=None, steps=(3, 4)):
    dataset = types.SimpleNamespace(fault=fault)
    callback = SaveOnFault(saver, dataset, start_step=2, num_steps=9)
    with pytest.raises(type(error)) as caught, callback:
        for step in steps:
            callback.on_step_end(step, {})
        raise error
    assert caught.value is error


@pytest.mark.parametrize(
    ("error", "fault"),
    [(tf.errors.UnknownError(None, None, "a stream broke"), LOST), (LOST, None)],
)
def test_the_last_step_before_the_data_failed_is_saved(error, fault):
    saver = Saver()
    train(saver, error, fault)
    assert saver.steps == [4]


@pytest.mark.parametrize(
    "error",
    [
        tf.errors.ResourceExhaustedError(None, None, "out of memory"),
        OSError(28, "No space left on device"),
        KeyboardInterrupt(),
    ],
)
def test_nothing_is_saved_after_other_errors(error):
    saver = Saver()
    train(saver, error)
    assert saver.steps == []


def test_nothing_is_saved_where_nothing_was_trained_or_others_would_have_to_help():
    saver = Saver()
    train(saver, LOST, steps=())
    train(None, LOST)
    assert saver.steps == []


def test_a_disk_that_is_full_besides_does_not_hide_the_fault(caplog):
    train(Saver(OSError(28, "No space left on device")), LOST)
    assert "Step 4 is lost: [Errno 28] No space left on device" in caplog.text
