"""What the original's own code computed from its own checkpoints."""

import re

import keras
import numpy as np
import pytest
from comparison import assert_same_output
from forward import forward
from keras import ops

import sact_keras
from sact_keras.accounting import flops_dtype
from sact_keras.checkpoints.sact import named_variables
from sact_keras.losses import SparseCategoricalCrossentropy, ponder_cost_loss

CASES = ["v1", "v2", "v3", "v4", "v5", "v6"]

# JAX compiles for seconds; ImageNet's networks are compared with the oracle there.
FOR_EVERY_BACKEND = CASES[:3]

# The original's own broadcast of the FLOPs to [N, N]: its rows are "flops". And the
# softmax of the logits.
NOT_OURS = ("images", "flops_raw", "predictions")


def load_model(case):
    options = case.options
    arguments = {}
    if options["model_type"] != "vanilla":
        arguments = {"tau": options["tau"], "eps": options["eps"]}
    model = sact_keras.build_model(
        options["model_type"],
        dataset={"cifar": "cifar10"}.get(options["dataset"], options["dataset"]),
        model=options["model"],
        base_channels=options["base_channels"],
        num_classes=options["num_classes"],
        **arguments,
    )
    sact_keras.load_checkpoint(model, case.directory)
    return model


def our_name(name):
    """The original names its blocks "block_1" on CIFAR and "block1" on ImageNet."""
    return re.sub(r"^block(?=\d)", "block_", name)


def assert_same(name, actual, expected):
    inexact = 0 if flops_dtype() == "int64" else 1e-6
    assert_same_output(name, actual, expected, 2e-5, count_tolerance=inexact)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.backend] * (name in FOR_EVERY_BACKEND))
        for name in CASES
    ],
)
def test_evaluation_mode(golden_case, name):
    case = golden_case(name)
    model = load_model(case)
    outputs = forward(model, case.evaluation["images"])
    compared = {
        our_name(key): expected
        for key, expected in case.evaluation.items()
        if not key.endswith(NOT_OURS)
    }
    blocks = {f"{name}/output" for name in model.block_names}
    assert {"logits", "flops", *blocks} <= set(compared)
    for key, expected in compared.items():
        # The original keeps a channel of one in its maps.
        expected = expected[..., 0] if key.endswith("_map") else expected
        assert_same(key, outputs[key], expected)


@pytest.fixture(scope="module", params=CASES)
def training_step(request, golden_case):
    """One training step's (case, model, outputs, loss, gradients by name)."""
    if keras.backend.backend() != "tensorflow":
        pytest.skip("gradients are taken with TensorFlow's tape")
    import tensorflow as tf

    case = golden_case(request.param)
    model = load_model(case)
    model.compile(
        optimizer=keras.optimizers.SGD(0.1),
        loss=SparseCategoricalCrossentropy(case.options["label_smoothing"]),
    )
    with tf.GradientTape() as tape:
        outputs = model(case.evaluation["images"], training=True)
        loss = model.compute_loss(y=case.training["labels"], y_pred=outputs)
    stored = dict(named_variables(model))
    trainable = {k: s for k, s in stored.items() if s.variable.trainable}
    gradients = tape.gradient(loss, [s.variable.value for s in trainable.values()])
    gradients = {
        name: np.reshape(gradient, trainable[name].shape)
        for name, gradient in zip(trainable, gradients, strict=True)
    }
    return case, model, outputs, loss, gradients


def test_training_outputs(training_step):
    case, model, outputs, _, _ = training_step
    compared = {
        our_name(key): expected
        for key, expected in case.training.items()
        if key == "logits" or (key.startswith("block") and not key.endswith(NOT_OURS))
    }
    blocks = {f"{name}/flops" for name in model.block_names}
    assert {"logits", *blocks} <= set(compared)
    for key, expected in compared.items():
        assert_same(key, outputs[key], expected)


def test_loss_terms(training_step):
    case, model, outputs, total, _ = training_step
    cross_entropy = SparseCategoricalCrossentropy(case.options["label_smoothing"])
    terms = {
        "total_loss": total,
        "cross_entropy": cross_entropy(case.training["labels"], outputs["logits"]),
        "regularization_loss": sum(
            variable.regularizer(variable)
            for variable in model.trainable_variables
            if variable.regularizer is not None
        ),
    }
    if case.options["model_type"] != "vanilla":
        terms["ponder_loss"] = ponder_cost_loss(outputs, case.options["tau"])
    for name, value in terms.items():
        np.testing.assert_allclose(value, case.training[name], rtol=1e-5, err_msg=name)


def test_gradients(training_step):
    case, _, _, _, gradients = training_step
    names = [k.removeprefix("grad/") for k in case.training if k.startswith("grad/")]
    assert sorted(names) == sorted(gradients)
    assert sorted(names) == sorted(case.options["trainable"])
    for name in names:
        expected = case.training[f"grad/{name}"]
        error = np.linalg.norm(gradients[name] - expected)
        # Biases ahead of a batch norm have gradients of rounding errors alone.
        allowed = max(1e-3 * np.linalg.norm(expected), 1e-5)
        assert error <= allowed, f"{name}: {error} is more than {allowed}"


def test_moving_averages_after_one_update(training_step):
    case, model, _, _, _ = training_step
    if case.options["model_type"] == "act_early_stopping":
        pytest.skip("the original updates twice there, in no defined order")
    stored = dict(named_variables(model))
    names = [k.removeprefix("after/") for k in case.training if k.startswith("after/")]
    assert sorted(names) == sorted(k for k in stored if "/moving_" in k)
    for name in names:
        np.testing.assert_allclose(
            ops.convert_to_numpy(stored[name].variable),
            case.training[f"after/{name}"],
            rtol=1e-5,
            atol=1e-5,
            err_msg=name,
        )
