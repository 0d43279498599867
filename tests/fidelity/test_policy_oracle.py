"""The oracle of BlockDrop computes what the original did, in float64."""

import numpy as np
import pytest
from gradients import differences
from loss_reference import cross_entropy
from policy_fixtures import policy_case, policy_images, policy_variables  # noqa: F401
from policy_golden import STEPS, load_step
from policy_reference import DroppableReference, PolicyReference
from reference import sigmoid
from reward_reference import curriculum_loss, finetuning_loss, report, reward
from torch_golden import assert_close, assert_gradients


@pytest.fixture(scope="module")
def outputs(variables, images):
    return PolicyReference(variables)(images)


def policy_of(outputs):
    return np.stack(outputs["masks"], axis=1)


def test_policy_network(case, outputs):
    arrays = case.arrays
    for name, expected in {
        "policy_logits": arrays["policy_logits"],
        "policy_probability": arrays["probs"],
        "policy_value": arrays["value"][:, 0],
    }.items():
        assert_close(name, outputs[name], expected, 1e-6)
    for block, features in enumerate(outputs["policy_features"]):
        expected = arrays[f"agent_block_mean/{block}"]
        assert_close("features", features, expected, 1e-6)
    assert_close("features", features, arrays["agent_features"], 1e-6)
    np.testing.assert_array_equal(policy_of(outputs), arrays["policy"])
    assert (outputs["policy_flops"] == arrays["flops/agent"]).all()


def test_its_own_policies(case, outputs):
    expected = case.arrays["forward/logits_f64"]
    assert_close("logits", outputs["logits"], expected, 1e-8)
    np.testing.assert_array_equal(outputs["flops"], case.arrays["flops/per_image"])


def test_an_image_alone(case, variables, images):
    outputs = PolicyReference(variables)(images[:1])
    expected = case.arrays["forward_single/logits"]
    assert_close("logits", outputs["logits"], expected, 1e-6)


def test_every_unit(case, variables, images):
    outputs = DroppableReference(PolicyReference(variables).resnet)(images)
    arrays = case.arrays
    assert_close("logits", outputs["logits"], arrays["forward_full/logits"], 1e-6)
    features = outputs["block_3/output"].mean(axis=(1, 2))
    assert_close("last", features, arrays["forward_full/block_mean/14"], 1e-6)
    assert (outputs["flops"] == case.options["flops"]["all"]).all()


def test_given_policies(case, variables, images):
    network, arrays = PolicyReference(variables), case.arrays
    for index, policy in enumerate(arrays["given/policy"]):
        outputs = network(images, policy)
        expected = arrays["given/logits"][index]
        assert_close("logits", outputs["logits"], expected, 1e-6)
        if index == 1:
            features = outputs["block_3/output"].mean(axis=(1, 2))
            assert_close("last", features, arrays["given/block_mean1_last"], 1e-6)
    for index, policy in enumerate(arrays["single/policy"]):
        outputs = network(images[:1], policy[np.newaxis])
        expected = arrays["single/logits_img0"][index]
        assert_close("logits", outputs["logits"][0], expected, 1e-6)
        flops = outputs["flops"] - outputs["policy_flops"]
        assert flops == arrays["flops/single"][index]


@pytest.mark.parametrize("penalty", [-1, -5, -10])
@pytest.mark.parametrize("stage", ["cl_training", "finetune"])
def test_rewards(case, stage, penalty):
    arrays = case.arrays
    for name, policy, logits in (
        ("reward", arrays["policy"], arrays["forward/logits"]),
        ("reward_given0", arrays["given/policy"][0], arrays["given/logits"][0]),
    ):
        right = logits.argmax(axis=1) == arrays["reward/targets"]
        actual = reward(policy, right, penalty)
        expected = arrays[f"{name}/{stage}/penalty{penalty}"][:, 0]
        np.testing.assert_allclose(actual, expected, rtol=1e-6)
        if name == "reward":
            np.testing.assert_array_equal(right, arrays[f"{name}/{stage}/match"])


def test_report(case, outputs):
    arrays = case.arrays
    actual = report(arrays["perf/policies"], arrays["perf/matches"], outputs["flops"])
    accuracy, _, mean, deviation, unique = arrays["perf/out"]
    assert actual["accuracy"] == pytest.approx(accuracy)
    assert actual["block_usage"] == pytest.approx((mean, deviation))
    assert actual["flops"] == pytest.approx(tuple(arrays["flops/mean_std"]))
    assert actual["unique_policies"] == unique


@pytest.mark.parametrize("key", STEPS)
def test_training_step(case, variables, images, key):
    step = load_step(case, key)
    arrays, options = step.arrays, step.options
    network = PolicyReference(variables, step.training)
    outputs = network(images, arrays["supplied_policy"], step.free_units)
    sample, baseline = policy_of(outputs), outputs["baseline_policy"]
    np.testing.assert_array_equal(sample, arrays["policy_used"])
    np.testing.assert_array_equal(baseline, arrays["policy_map"])
    for name, expected in {
        "policy_logits": arrays["policy_logits"],
        "baseline_logits": arrays["preds_map"],
        "logits": arrays["preds_sample"],
    }.items():
        assert_close(name, outputs[name], expected, 2e-6)
    rewards = {}
    for name, policy, logits in (
        ("reward_map", baseline, outputs["baseline_logits"]),
        ("reward_sample", sample, outputs["logits"]),
    ):
        right = logits.argmax(axis=1) == arrays["targets"]
        rewards[name] = reward(policy, right, options["penalty"])
        np.testing.assert_allclose(rewards[name], arrays[name][:, 0], rtol=1e-6)
    np.testing.assert_array_equal(right, arrays["match"])
    advantage = rewards["reward_sample"] - rewards["reward_map"]
    np.testing.assert_allclose(advantage, arrays["advantage"][:, 0], atol=1e-6)
    logits, labels = outputs["logits"], arrays["targets"]

    def loss(policy_logits):
        probability = sigmoid(policy_logits.reshape(sample.shape))
        if step.stage == "curriculum":
            how = step.free_units, options["alpha"], options["beta"]
            return curriculum_loss(probability, sample, advantage, *how)
        how = labels, logits, options["alpha"]
        return finetuning_loss(probability, sample, advantage, *how)

    policy_logits = outputs["policy_logits"].ravel()
    np.testing.assert_allclose(loss(policy_logits), arrays["loss"], rtol=2e-6)
    gradient = differences(loss, policy_logits).reshape(sample.shape)
    assert_gradients("logits", gradient, arrays["grad_policy_logits"], 1e-5)
    if step.stage == "finetune":
        task = cross_entropy(labels, logits)
        np.testing.assert_allclose(task, arrays["cross_entropy"], rtol=1e-6)
    after = {k: array for k, array in arrays.items() if k.startswith("after/")}
    for name, expected in after.items():
        actual = outputs["after"][name.removeprefix("after/")]
        assert_close(name, actual, expected, 1e-6)
    # One step shows what has become of moving statistics.
    assert bool(after) == (key == "finetune/trainbn/p5")
