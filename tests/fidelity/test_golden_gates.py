"""What ConvNet-AIG's own code computed from its own checkpoints."""

import keras
import numpy as np
import pytest
from recording import recorded
from torch_golden import (
    assert_close,
    assert_gradients,
    assert_unit_outputs,
    load_case,
    to_nhwc,
    units_of,
    variables_under,
)

from sact_keras.layers import GateDecision
from sact_keras.layers.gumbel import gumbel_noise
from sact_keras.losses import SparseCategoricalCrossentropy, target_rate_loss

CASES = ["aig_cifar_222", "aig_imagenet_1221_w8"]

# (case, how its losses were taken): with batch norms in evaluation mode, though gates
# sample and carry gradients, or in training mode.
LOSSES = [
    ("aig_cifar_222", "loss_evalbn"),
    ("aig_cifar_222", "loss_trainbn"),
    ("aig_imagenet_1221_w8", "loss_evalbn"),
]


def gates_of(model):
    return [gate for block in model.blocks for gate in block.decision.gates]


def softmax(logits):
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize("mode", ["zero", "noise"])
@pytest.mark.parametrize("name", CASES)
def test_evaluation_mode(shared_dir, name, mode):
    case = load_case(shared_dir, name)
    expected = {
        key.removeprefix(f"{mode}/"): array
        for key, array in case.arrays.items()
        if key.startswith(f"{mode}/")
    }
    noise = gumbel = None
    if mode == "noise":
        noise, gumbel = list(case.arrays["noise_u"]), case.arrays["noise_gumbel"]
    model = case.model(gate_eval="deterministic" if noise is None else "sample")
    with (
        recorded(gates_of(model)) as gate_logits,
        recorded(units_of(model)) as unit_outputs,
    ):
        outputs = model(to_nhwc(case.arrays["images"]), noise=noise)
    np.testing.assert_array_equal(outputs["masks"], expected["gates"])
    assert_close("logits", outputs["logits"], expected["logits"], 1e-5)
    assert_close("float64", outputs["logits"], expected["logits_f64"], 1e-5)
    gate_logits = np.array(gate_logits)
    assert_close("gate_logits", gate_logits, expected["gate_logits"], 1e-5)
    noisy = gate_logits if gumbel is None else gate_logits + gumbel
    assert_close("gate_soft", softmax(noisy), expected["gate_soft"], 1e-5)
    probabilities = [
        outputs[f"{block}/gate_probability"] for block in model.block_names
    ]
    opened = softmax(expected["gate_logits"])[..., 1].T
    assert_close("probability", np.concatenate(probabilities, axis=1), opened, 1e-5)
    assert_unit_outputs(case, f"{mode}/", unit_outputs, 1e-5)


@pytest.mark.parametrize("name", CASES)
def test_noise(shared_dir, name):
    arrays = load_case(shared_dir, name).arrays
    compared = [key for key in arrays if key.endswith("noise_u")]
    assert compared
    for key in compared:
        expected = arrays[key.replace("noise_u", "noise_gumbel")]
        actual = gumbel_noise(arrays[key], GateDecision.noise_epsilon)
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)


@pytest.fixture(scope="module", params=LOSSES, ids="/".join)
def losses(request, shared_dir):
    """One forward pass with all losses of it, and a tape.

    A tuple of the case, the model, its outputs, the gates' logits, the losses by name
    (the rates', the classification's, their sum), and the tape.
    """
    if keras.backend.backend() != "tensorflow":
        pytest.skip("gradients are taken with TensorFlow's tape")
    import tensorflow as tf

    name, mode = request.param
    case = load_case(shared_dir, name)
    model = case.model(gate_eval="sample")
    noise = case.arrays.get(f"{mode}/noise_u", case.arrays["noise_u"])
    with tf.GradientTape(persistent=True) as tape:
        with recorded(gates_of(model)) as gate_logits:
            outputs = model(
                to_nhwc(case.arrays["images"]),
                training=mode == "loss_trainbn",
                noise=list(noise),
            )
        rates = tf.reduce_mean(tf.stack(outputs["masks"]), axis=1)
        task = SparseCategoricalCrossentropy()(
            case.arrays["targets"], outputs["logits"]
        )
        terms = {}
        for key, options in case.options["losses"].items():
            if key.startswith(f"{mode}/") and "target" in options:
                targets = options["target_rates"] or [options["target"]] * len(rates)
                # The ImageNet script passes over the gates of units that always run.
                counted = [
                    target < 1 or not options["target_rates"] for target in targets
                ]
                rate_loss = target_rate_loss(
                    rates, targets, options["lossfact"], counted
                )
                terms[key] = rate_loss, task, rate_loss + task
    assert len(terms) == 5
    return case, model, outputs, gate_logits, terms, tape


def test_losses(losses):
    case, _, outputs, _, terms, _ = losses
    rates = np.mean(outputs["masks"], axis=1)
    for key, (rate_loss, task, total) in terms.items():
        options, values = case.options["losses"][key], case.arrays[f"{key}/values"]
        targets = options["target_rates"] or [options["target"]] * len(rates)
        actual = [
            rate_loss / options["lossfact"],
            # What is passed over counts as always run.
            np.where(np.less(targets, 1), rates, 1).mean(),
            rate_loss,
            task,
            total,
        ]
        np.testing.assert_allclose(actual, values, rtol=1e-5, err_msg=key)


def test_gradients(losses):
    case, model, _, gate_logits, terms, tape = losses
    with_variables = 0
    for key, (_, _, total) in terms.items():
        expected = {f"{key}/grad_gate_logits": case.arrays[f"{key}/grad_gate_logits"]}
        found = variables_under(model, case, f"{key}/grad/")
        expected.update({name: array for name, (_, array) in found.items()})
        gates, *actual = tape.gradient(
            total, [gate_logits, *(variable.value for variable, _ in found.values())]
        )
        for (name, wanted), gradient in zip(
            expected.items(), [np.array(gates), *actual], strict=True
        ):
            assert_gradients(name, gradient, wanted, 1e-3)
        in_float64 = case.arrays.get(f"{key}/grad_gate_logits_f64")
        if in_float64 is not None:
            assert_gradients(f"{key} in float64", gates, in_float64, 1e-3)
        assert (in_float64 is not None) == key.endswith("/train/t60")
        with_variables += len(found) == 5
    assert with_variables == 3


def test_no_gate_counts(losses):
    """Where all units are to run always the original fails; the loss is 0 here."""
    case, _, outputs, _, terms, _ = losses
    mode = next(iter(terms)).split("/")[0]
    assert "TypeError" in case.options["losses"][f"{mode}/train_img/allones"]["error"]
    rates = keras.ops.mean(keras.ops.stack(outputs["masks"]), axis=1)
    all_ones, none = [1.0] * len(rates), [False] * len(rates)
    assert float(target_rate_loss(rates, all_ones, counted=none)) == 0


@pytest.mark.parametrize("losses", LOSSES[1:2], ids="/".join, indirect=True)
def test_training_mode(losses):
    case, model, outputs, gate_logits, _, _ = losses
    mode = "loss_trainbn"
    np.testing.assert_array_equal(outputs["masks"], case.arrays[f"{mode}/gates"])
    assert_close("logits", outputs["logits"], case.arrays[f"{mode}/logits"], 1e-5)
    expected = case.arrays[f"{mode}/gate_logits"]
    assert_close("gate_logits", np.array(gate_logits), expected, 1e-5)
    after = variables_under(model, case, f"{mode}/after/")
    assert len(after) == 6
    for key, (variable, expected) in after.items():
        assert_close(key, variable, expected, 1e-5)


@pytest.mark.parametrize("target", ["train/t30", "train/t60", "train/t90"])
def test_loss_of_the_cifar_model(shared_dir, target):
    key = f"loss_trainbn/{target}"
    assert_model_loss(load_case(shared_dir, "aig_cifar_222"), key, training=True)


@pytest.mark.parametrize("target", ["train_img/flat07", "train_img/mixed"])
def test_loss_of_the_imagenet_model(shared_dir, target):
    key = f"loss_evalbn/{target}"
    assert_model_loss(load_case(shared_dir, "aig_imagenet_1221_w8"), key)


def assert_model_loss(case, key, training=False):
    """The whole loss, as `fit` takes it from a model by its arguments alone."""
    options = case.options["losses"][key]
    model = case.model(
        gate_eval="sample",
        gate_all_units=True,
        target_rate=options["target"] or 0.6,
        target_rates=options["target_rates"],
    )
    model.compile(loss=SparseCategoricalCrossentropy())
    noise = f"{key.split('/')[0]}/noise_u"
    noise = case.arrays.get(noise, case.arrays["noise_u"])
    images, targets = to_nhwc(case.arrays["images"]), case.arrays["targets"]
    outputs = model(images, training=training, noise=list(noise))
    loss = model.compute_loss(y=targets, y_pred=outputs)
    np.testing.assert_allclose(loss, case.arrays[f"{key}/values"][-1], rtol=1e-5)
