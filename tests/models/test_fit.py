"""What Keras' own `fit` makes of each method."""

import keras
import numpy as np
import pytest
from four_classes import four_classes
from small_models import compiled, small_model

from sact_keras.models.presets import MODEL_TYPES

ARGUMENTS = {
    "act": {"tau": 0.01},
    "sact": {"tau": 0.01},
    # A policy's loss does not tell what it has learnt; see test_policy_training.py.
    "blockdrop": {"stage": "pretrain"},
}

LOSS_NAMES = {
    "act": "ponder_loss",
    "sact": "ponder_loss",
    "aig": "target_rate_loss",
    "dynconv": "budget_loss",
}

# Halting by images trains as by positions, and without a policy as vanilla.
SLOW = ("act", "blockdrop")


@pytest.fixture
def images():
    rng = np.random.default_rng(0)
    return rng.normal(size=(4, 16, 16, 3)).astype("float32")


@pytest.mark.fast_with("dynconv")
@pytest.mark.parametrize(
    "model_type",
    [
        pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW))
        for name in MODEL_TYPES
    ],
)
def test_fit_trains(model_type):
    images, labels = four_classes()
    arguments = {"num_classes": 4, **ARGUMENTS.get(model_type, {})}
    model = compiled(small_model(model_type, **arguments))
    history = model.fit(images, labels, batch_size=16, epochs=12, verbose=0).history
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    assert history["accuracy"][-1] > 0.9
    assert set(history) == {"loss", "accuracy", LOSS_NAMES.get(model_type, "loss")}
    if LOSS_NAMES.get(model_type) == "ponder_loss":
        # Between 2 (one unit) and units + 1 a block, times tau.
        assert 0.01 * 6 <= history["ponder_loss"][-1] <= 0.01 * (2 + 3 + 2)
    model.run_eagerly = True  # Another graph would take longer than one batch.
    evaluated = model.evaluate(images, labels, verbose=0, return_dict=True)
    assert {"loss", "accuracy"} <= set(evaluated)


@pytest.mark.slow
def test_a_price_on_ponder_cost_buys_fewer_units(images):
    """With the price alone to go by, halting comes to be immediate."""
    model = small_model("act", model="1_3_1", tau=50.0)
    model = compiled(model, learning_rate=0.01)
    before = np.mean(model(images)["block_2/num_units"])
    model.fit(images, np.zeros(4), epochs=30, verbose=0)
    assert before > 2
    assert np.mean(model(images, training=True)["block_2/num_units"]) < 2


@pytest.mark.fast_with("blockdrop")
@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_same_seed_same_run(model_type, images):
    runs = []
    for _ in range(2):
        keras.utils.set_random_seed(7)
        # Eagerly: tracing would take longer than the steps.
        model = compiled(small_model(model_type), run_eagerly=True)
        model.fit(images, np.arange(4), batch_size=2, epochs=1, verbose=0)
        runs.append(model.get_weights())
    for first, second in zip(*runs, strict=True):
        np.testing.assert_array_equal(first, second)
