import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from small_models import compiled, small_model

import sact_keras
from sact_keras.layers import GateDecision
from sact_keras.losses import ponder_cost_loss
from sact_keras.models import AdaptiveResNet
from sact_keras.models.presets import METHOD_ARGUMENTS, MODEL_TYPES

ARGUMENTS = {
    "vanilla": {},
    "act": {"tau": 0.3, "eps": 0.05},
    "sact": {"tau": 0.3, "eps": 0.05},
    "aig": {"target_rates": "1,t,0.5,t", "target_rate": 0.7, "gate_eval": "sample"},
    "dynconv": {"budget": 0.6, "budget_weight": 2.0},
    "blockdrop": {"stage": "curriculum", "penalty": -2.0, "alpha": 0.9, "beta": 0.2},
}
"""Of the methods, unlike their defaults."""

PREACTIVATED = ("vanilla", "act", "sact")
"""Methods that run on SACT's ResNets unless asked otherwise."""


@pytest.fixture
def images():
    rng = np.random.default_rng(0)
    return rng.normal(size=(4, 16, 16, 3)).astype("float32")


@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_config_is_exact_and_json(model_type):
    model = small_model(model_type, num_classes=7, **ARGUMENTS[model_type])
    config = model.get_config()
    assert config == {
        "name": f"{model_type}_resnet_1_2_1",
        "trainable": True,
        "dtype": keras.dtype_policies.serialize(keras.config.dtype_policy()),
        "model_type": model_type,
        "family": "cifar",
        "num_units": [1, 2, 1],
        "num_classes": 7,
        "base_channels": 4,
        "variant": "sact" if model_type in PREACTIVATED else model_type,
        "unit": "basic",
        "arguments": {**METHOD_ARGUMENTS[model_type], **ARGUMENTS[model_type]},
    }
    revived = AdaptiveResNet.from_config(json.loads(json.dumps(config)))
    assert revived.get_config() == config


SLOW = ("vanilla", "act", "aig", "dynconv")
"""Methods of which tests/conformance saves a small network alone."""


@pytest.mark.fast_with("blockdrop")
@pytest.mark.parametrize(
    "model_type",
    [
        pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW))
        for name in MODEL_TYPES
    ],
)
def test_a_deep_uneven_model_comes_back_from_its_file(model_type, images, tmp_path):
    model = small_model(model_type, model="1_4_6", num_classes=7)
    model.save(tmp_path / "model.keras")
    revived = keras.saving.load_model(tmp_path / "model.keras")
    assert revived.num_units == (1, 4, 6)
    expected = model(images)
    actual = revived(images)
    for name in ("logits", "flops", "num_units_map"):
        np.testing.assert_allclose(actual[name], expected[name], rtol=1e-6)


def test_weights_are_those_of_the_architecture():
    """Per unit 2 norms and 2 convolutions, one of them with bias; per branch 11."""
    vanilla, act, sact = (small_model(t, model="3") for t in ("vanilla", "act", "sact"))
    ends = 2 + 4 + 2  # stem, the head's norm, logits
    assert len(vanilla.weights) == ends + 9 * (4 + 1 + 4 + 2)
    assert len(act.weights) == len(vanilla.weights) + 6 * (4 + 2)
    assert len(sact.weights) == len(vanilla.weights) + 6 * (4 + 2 + 4 + 1)


@pytest.mark.parametrize("model_type", PREACTIVATED)
def test_l2_covers_every_kernel_and_nothing_else(model_type):
    model = small_model(model_type)
    kernels = [v for v in model.trainable_variables if v.name == "kernel"]
    assert {v.path for v in kernels} == {
        v.path for v in model.weights if len(v.shape) > 1
    }
    squares = sum(np.sum(np.square(v.numpy())) for v in kernels)
    # Nothing has been called yet, so that these are the regularizers' alone.
    np.testing.assert_allclose(sum(model.losses), 2e-4 * 0.5 * squares, rtol=1e-5)


@pytest.mark.parametrize("model_type", PREACTIVATED)
def test_initial_values(model_type):
    model = small_model(model_type, base_channels=16, model="2")
    for variable in model.weights:
        value = variable.numpy()
        if variable.name == "kernel":
            stddev = np.sqrt(2.6 / np.prod(value.shape[:-1]))
            assert np.abs(value).max() <= 2 * stddev * (1 + 1e-6)
            if value.size > 2000:
                np.testing.assert_allclose(value.std(), 0.8796 * stddev, rtol=0.05)
        elif variable.name in ("gamma", "moving_variance"):
            np.testing.assert_array_equal(value, 1.0)
        elif variable.name == "bias" and "halting" in variable.path:
            np.testing.assert_array_equal(value, -3.0)
        else:
            np.testing.assert_array_equal(value, 0.0)


def initial_kernel(path, shape):
    """The values that a post-activation network's kernel begins with."""
    fan_in, fan_out = np.prod(shape[:-1]), np.prod(shape) / shape[-2]
    bound = 1 / np.sqrt(fan_in)
    if path.endswith("/logits/kernel") and "/gates/" in path:
        return {"std": 0.001}
    linear = ("/head/", "/policy/logits/", "/policy/value/", "/global_linear/")
    if any(name in path for name in linear):
        return {"std": bound / np.sqrt(3), "max": bound}
    return {"std": np.sqrt(2 / fan_out)}


@pytest.mark.parametrize("model_type", ["aig", "dynconv", "blockdrop"])
def test_initial_values_as_in_pytorch(model_type):
    """Kaiming's, by the fan out; the linear maps', uniform by the fan in."""
    model = small_model(model_type, base_channels=16, model="2")
    for variable in model.weights:
        value, path = variable.numpy(), variable.path
        if variable.name == "kernel":
            expected = initial_kernel(path, value.shape)
            assert np.abs(value).max() <= expected.get("max", 6 * expected["std"])
            if value.size > 2000:
                np.testing.assert_allclose(value.std(), expected["std"], rtol=0.06)
        elif variable.name in ("gamma", "moving_variance"):
            np.testing.assert_array_equal(value, 1.0)
        elif path.endswith("/logits/bias") and "/gates/" in path:
            np.testing.assert_allclose(value, [0.1, 2.0])
        elif variable.name == "free_units":
            assert value == 6
        else:
            np.testing.assert_array_equal(value, 0.0)


@pytest.mark.parametrize("model_type", ["act", "sact"])
def test_ponder_loss_is_tau_times_the_sum_of_the_blocks_means(model_type, images):
    model = small_model(model_type, tau=0.25)
    regularization = sum(model.losses)
    outputs = model(images, training=True)
    means = [np.mean(outputs[f"{name}/ponder_cost"]) for name in model.block_names]
    ponder_loss = 0.25 * sum(means)
    np.testing.assert_allclose(ponder_cost_loss(outputs, 0.25), ponder_loss, rtol=1e-5)
    np.testing.assert_allclose(
        sum(model.losses), regularization + ponder_loss, rtol=1e-5
    )


@pytest.mark.fast_with("dynconv", "blockdrop")
@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_losses_do_not_pile_up(model_type, images):
    model = small_model(model_type)
    model(images, training=True)
    number, once = len(model.losses), float(sum(model.losses))
    model(images, training=True)
    assert len(model.losses) == number
    if model_type in PREACTIVATED:  # The others' losses are of what is drawn.
        np.testing.assert_allclose(sum(model.losses), once, rtol=0.05)


def test_every_trainable_variable_learns(images):
    model = compiled(small_model("sact", model="2", tau=0.5))
    with tf.GradientTape() as tape:
        outputs = model(images, training=True)
        loss = model.compute_loss(y=np.arange(4), y_pred=outputs)
    variables = [v.value for v in model.trainable_variables]
    gradients = tape.gradient(loss, variables)
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        assert gradient is not None, variable.path
        assert np.isfinite(gradient).all(), variable.path


@pytest.mark.fast_with("act", "blockdrop")
@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_training_on_a_batch_of_one_is_finite(model_type, images):
    model = compiled(small_model(model_type), run_eagerly=True)
    logs = model.train_on_batch(images[:1], np.array([3]), return_dict=True)
    assert np.isfinite(logs["loss"])
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


def test_a_model_keeps_its_precision_where_it_is_loaded(tmp_path):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = sact_keras.build_model("sact", model="1_2_1", base_channels=4)
    finally:
        keras.config.set_dtype_policy("float32")
    model.save(tmp_path / "mixed.keras")
    loaded = keras.models.load_model(tmp_path / "mixed.keras")
    assert keras.config.dtype_policy().name == "float32"
    unit = loaded.blocks[1].units[1]
    assert (unit.conv1.compute_dtype, unit.conv1.kernel.dtype) == (
        "bfloat16",
        "float32",
    )
    assert loaded.blocks[1].decision.branches[0].local_conv.compute_dtype == "bfloat16"


def test_noise_for_another_number_of_units():
    model = small_model("aig")
    images, draws = np.ones((2, 32, 32, 3), "float32"), np.full((2, 2), 0.5, "float32")
    with pytest.raises(ValueError, match=r"noise must be 4 tensors.* Received: 3"):
        model(images, training=True, noise=[draws] * 3)


def test_half_precision_does_not_reach_noise_and_progress(monkeypatch):
    """There 0.39999 is 0.4, and 0.99999 is 1."""
    decision, seen = GateDecision, []
    before_unit = decision.before_unit

    def spy(self, index, inputs, state, training=False):
        seen.append((state.progress, state.noise[index]))
        return before_unit(self, index, inputs, state, training)

    monkeypatch.setattr(decision, "before_unit", spy)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = small_model("aig")
    finally:
        keras.config.set_dtype_policy("float32")
    model.progress.assign(0.39999)
    draws = np.full((2, 2), 0.99999, "float32")
    model(np.ones((2, 32, 32, 3), "float32"), training=True, noise=[draws] * 4)
    assert len(seen) == 4
    for progress, noise in seen:
        assert float(progress) == np.float32(0.39999)
        np.testing.assert_array_equal(noise, draws)
