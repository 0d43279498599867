"""Files give back the model that was saved."""

import keras
import numpy as np
import pytest
from registry import (
    CASES,
    ONE_A_METHOD,
    assert_same_outputs,
    flat_outputs,
    make_images,
    parameters,
)


def seeds(model):
    return [v for v in model.variables if v.name == "seed_generator_state"]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_keras_file(case, tmp_path):
    model = case.shared()
    model.save(tmp_path / "model.keras")
    revived = keras.saving.load_model(tmp_path / "model.keras")
    assert type(revived) is type(model)
    assert revived.get_config() == model.get_config()
    assert [w.path for w in revived.weights] == [w.path for w in model.weights]
    images = make_images()
    assert_same_outputs(
        flat_outputs(revived(images)), flat_outputs(model(images)), tolerance=1e-6
    )


@pytest.mark.parametrize("case", parameters(fast=ONE_A_METHOD))
def test_weights_file(case, tmp_path):
    """Those of `.keras` files are stored in the same way, for all cases."""
    model, other = case.shared(), case.build()
    for variable in other.weights:
        variable.assign(keras.ops.zeros_like(variable))
    model.save_weights(tmp_path / "model.weights.h5")
    other.load_weights(tmp_path / "model.weights.h5")
    for ours, theirs in zip(model.weights, other.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("case", parameters(fast=ONE_A_METHOD))
def test_a_compiled_model_goes_on_training(case, tmp_path):
    model = case.build()
    model.compile(
        keras.optimizers.SGD(0.01, momentum=0.9),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
        run_eagerly=True,
    )
    images, labels = make_images(), np.arange(4)
    model.train_on_batch(images, labels)
    model.save(tmp_path / "model.keras")
    revived = keras.saving.load_model(tmp_path / "model.keras")
    # Files hold no state of the noise; checkpoints do.
    for ours, theirs in zip(seeds(model), seeds(revived), strict=True):
        theirs.assign(ours)
    # The second step applies the momentum of the first.
    for each in (model, revived):
        each.train_on_batch(images, labels)
    for ours, theirs in zip(model.weights, revived.weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
