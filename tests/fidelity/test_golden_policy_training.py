"""What BlockDrop's own code computed from its own checkpoint, in training."""

import re

import keras
import numpy as np
import pytest
from policy_fixtures import policy_case, policy_variables  # noqa: F401
from policy_golden import STEPS, build_network, load_step
from policy_names import variables_by_name
from recording import recorded
from torch_golden import assert_close, assert_gradients, to_nhwc

from sact_keras.checkpoints.pytorch_names import to_our_layout
from sact_keras.layers.batch_norm import BatchNorm
from sact_keras.losses import SparseCategoricalCrossentropy, policy_reward


@pytest.fixture(scope="module", params=STEPS)
def taken(request, case, variables):
    """A step, the model, its outputs, the policy's logits, the loss and a tape."""
    if keras.backend.backend() != "tensorflow":
        pytest.skip("gradients are taken with TensorFlow's tape")
    import tensorflow as tf

    step = load_step(case, request.param)
    names = {"penalty", "alpha", "beta"} & step.options.keys()
    arguments = {name: float(step.options[name]) for name in names}
    model = build_network(variables, stage=step.stage, **arguments)
    for layer in model._flatten_layers():
        if isinstance(layer, BatchNorm) and not step.training:
            # What is not trained takes its moving statistics, in training, too.
            layer.trainable = False
    if step.free_units is not None:
        model.policy.free_units.assign(step.free_units)
    model.compile(loss=SparseCategoricalCrossentropy())
    images, labels = to_nhwc(case.arrays["images"]), step.arrays["targets"]
    with tf.GradientTape(persistent=True) as tape:
        # Also of what the curriculum freezes.
        tape.watch([variable.value for variable in model.variables])
        with recorded([model.policy.logits]) as policy_logits:
            outputs = model(
                images, training=True, policy=step.arrays["supplied_policy"]
            )
        loss = model.compute_loss(images, labels, outputs, training=True)
    return step, model, outputs, policy_logits[0], loss, tape


def test_outputs(taken):
    step, _, outputs, policy_logits, _, _ = taken
    arrays = step.arrays
    policy = np.stack(outputs["masks"], axis=1)
    np.testing.assert_array_equal(policy, arrays["policy_used"])
    np.testing.assert_array_equal(outputs["baseline_policy"], arrays["policy_map"])
    assert_close("policy", policy_logits, arrays["policy_logits"], 1e-5)
    for name, expected in {"logits": "sample", "baseline_logits": "map"}.items():
        assert_close(name, outputs[name], arrays[f"preds_{expected}"], 1e-5)


def test_rewards(taken):
    step, _, outputs, _, _, _ = taken
    rewards = []
    for policy, logits, name in (
        (outputs["baseline_policy"], outputs["baseline_logits"], "reward_map"),
        (np.stack(outputs["masks"], axis=1), outputs["logits"], "reward_sample"),
    ):
        right = np.argmax(logits, axis=1) == step.arrays["targets"]
        rewards.append(np.array(policy_reward(policy, right, step.options["penalty"])))
        expected = step.arrays[name][:, 0]
        np.testing.assert_allclose(rewards[-1], expected, rtol=1e-5, err_msg=name)
    baseline, sample = rewards
    advantage = step.arrays["advantage"][:, 0]
    np.testing.assert_allclose(sample - baseline, advantage, rtol=1e-5, atol=1e-6)


def test_loss(taken):
    step, _, _, _, loss, _ = taken
    np.testing.assert_allclose(loss, step.arrays["loss"], rtol=1e-5)


def test_logs(taken, case):
    """The original prints its epochs' numbers with three digits behind the point."""
    step, model, outputs, _, _, _ = taken
    images, labels = to_nhwc(case.arrays["images"]), step.arrays["targets"]
    logs = model.compute_metrics(images, labels, outputs)
    number = r"([-+.\dE]+)"
    printed = re.search(
        rf"A: {number} \| R: {number} \| S: {number} \| V: {number} \| #: {number}",
        step.options["log"],
    )
    expected = [float(value) for value in printed.groups()]
    right = np.mean(np.argmax(outputs["logits"], axis=1) == labels)
    names = ("reward", "block_usage", "block_usage_std", "unique_policies")
    actual = [right, *(float(logs[name]) for name in names)]
    np.testing.assert_allclose(actual, expected, rtol=5e-3, atol=1e-3)


def test_gradients(taken):
    step, model, _, policy_logits, loss, tape = taken
    arrays, variables = step.arrays, variables_by_name(model)
    names = [name for name in arrays if name.startswith("grad/")]
    assert len(names) == (2 if step.stage == "curriculum" else 5)
    places = [variables[name.removeprefix("grad/")].value for name in names]
    of_policy, *actual = tape.gradient(loss, [policy_logits, *places])
    assert_gradients("policy", of_policy, arrays["grad_policy_logits"], 1e-3)
    for name, gradient in zip(names, actual, strict=True):
        assert_gradients(name, gradient, to_our_layout(arrays[name]), 1e-3)


def test_what_no_gradient_reaches(taken):
    """The head of values; in the curriculum all of the network that is chosen from."""
    step, model, _, _, loss, tape = taken
    assert step.options["vnet_grad_is_none"]
    frozen = ["agent.vnet."]
    if step.stage == "curriculum":
        assert not step.arrays["rnet_grad_norm_nonzero"]
        frozen.append("resnet.")
    values = [
        variable.value
        for name, variable in variables_by_name(model).items()
        if name.startswith(tuple(frozen))
    ]
    assert all(gradient is None for gradient in tape.gradient(loss, values))


def test_moving_statistics(taken):
    """In finetuning the baseline's batch moves them first, then the sample's."""
    step, model, _, _, _, _ = taken
    variables = variables_by_name(model)
    after = [name for name in step.arrays if name.startswith("after/")]
    assert len(after) == (6 if step.key == "finetune/trainbn/p5" else 0)
    for name in after:
        actual = variables[name.removeprefix("after/")]
        assert_close(name, actual, step.arrays[name], 1e-5)


def test_moving_statistics_that_stay(taken, variables):
    step, model, _, _, _, _ = taken
    moved = {
        name.split(".")[0]
        for name, variable in variables_by_name(model).items()
        if "running_" in name and (np.array(variable) != variables[name]).any()
    }
    assert moved == set(step.training)
