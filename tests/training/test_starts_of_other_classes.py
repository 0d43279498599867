"""What a training takes of a network that knows other classes."""

import logging

import numpy as np
import pytest
from tiny_training import tiny_model, tiny_options

from sact_keras.checkpoints.mismatch import CheckpointMismatchError
from sact_keras.training.stages import load_start


@pytest.fixture
def saved(tmp_path):
    """A function that saves a network of ten classes; returns it and its path."""

    def save(model_type="vanilla", **arguments):
        model = tiny_model(model_type, num_classes=10, **arguments)
        for variable in model.weights:
            value = np.random.default_rng(0).uniform(0.1, 1, variable.shape)
            variable.assign(value.astype(variable.dtype))
        path = tmp_path / "start.weights.h5"
        model.save_weights(path)
        return model, str(path)

    return save


def weights_of(model):
    """Path without the model's name -> weight."""
    return {v.path.split("/", 1)[1]: v.numpy() for v in model.weights}


@pytest.mark.parametrize(
    ("model_type", "arguments"),
    [("vanilla", {}), ("sact", {}), ("aig", {"variant": "aig"})],
)
def test_all_but_the_classifier_and_what_decides(
    saved, tmp_path, caplog, model_type, arguments
):
    start, path = saved(**arguments)
    options = tiny_options(tmp_path, model_type=model_type, finetune_path=path)
    model = tiny_model(model_type, num_classes=7)
    fresh, taken = weights_of(model), weights_of(start)
    with caplog.at_level(logging.INFO):
        load_start(options, model)
    assert caplog.messages == [
        f"{path} is of another number of classes: the classifier starts afresh, for 7"
    ]
    found = weights_of(model)
    for name, value in found.items():
        is_left = name not in taken or name.startswith("head/logits/")
        expected = (fresh if is_left else taken)[name]
        np.testing.assert_array_equal(value, expected, err_msg=name)
    assert set(taken) <= set(found)
    assert found["head/logits/bias"].shape == (7,)


def test_a_classifier_of_as_many_classes_is_taken(saved, tmp_path, caplog):
    start, path = saved()
    options = tiny_options(tmp_path, model_type="vanilla", finetune_path=path)
    model = tiny_model("vanilla", num_classes=10)
    with caplog.at_level(logging.INFO):
        load_start(options, model)
    assert caplog.messages == []
    for name, value in weights_of(start).items():
        np.testing.assert_array_equal(weights_of(model)[name], value, err_msg=name)


def test_where_more_differs_it_is_an_error_as_ever(saved, tmp_path):
    _, path = saved(base_channels=8)
    options = tiny_options(tmp_path, model_type="sact", finetune_path=path)
    model = tiny_model("sact", num_classes=7)
    fresh = weights_of(model)
    with pytest.raises(CheckpointMismatchError) as caught:
        load_start(options, model)
    names = {name for name, *_ in caught.value.wrong_shapes}
    assert {"stem/conv/kernel", "head/logits/kernel"} < names
    for name, value in weights_of(model).items():
        np.testing.assert_array_equal(value, fresh[name], err_msg=name)


def test_no_stage_freezes_a_fresh_classifier(saved, tmp_path):
    _, path = saved("blockdrop", stage="pretrain")
    options = tiny_options(
        tmp_path, model_type="blockdrop", stage="curriculum", finetune_path=path
    )
    said = "the network is of 10 classes, the model of 7"
    with pytest.raises(CheckpointMismatchError, match=said):
        load_start(options, tiny_model("blockdrop", stage="curriculum", num_classes=7))
