"""What BlockDrop's own code computed from its own checkpoint, in evaluation mode."""

import numpy as np
import pytest
from policy_fixtures import policy_case, policy_images  # noqa: F401
from policy_golden import build_network, read_variables
from recording import recorded
from torch_golden import assert_close, assert_unit_outputs, units_of

import sact_keras
from sact_keras.losses import policy_reward


@pytest.fixture(scope="module")
def model(case):
    return build_network(read_variables(case))


@pytest.fixture(scope="module")
def outputs(model, images):
    return model(images)


def policy_of(outputs):
    return np.stack(outputs["masks"], axis=1)


def block_means(unit_outputs):
    return [np.mean(output, axis=(1, 2)) for output in unit_outputs]


def test_policies(case, outputs):
    arrays = case.arrays
    for name, expected in {
        "policy_probability": arrays["probs"],
        "policy_value": arrays["value"][:, 0],
    }.items():
        np.testing.assert_allclose(outputs[name], expected, rtol=0, atol=1e-5)
    np.testing.assert_array_equal(policy_of(outputs), arrays["policy"])


def test_features_of_the_policy_network(case, model, images):
    arrays, network = case.arrays, model.policy
    with recorded(network.units) as unit_outputs, recorded([network.logits]) as logits:
        network(images)
    assert_close("logits", logits[0], arrays["policy_logits"], 1e-5)
    means = block_means(unit_outputs)
    for mean, expected in zip(means, case.series("agent_block_mean/{}"), strict=True):
        assert_close("block_mean", mean, expected, 1e-5)
    assert_close("features", means[-1], arrays["agent_features"], 1e-5)


def test_its_own_policies(case, model, images):
    arrays = case.arrays
    with recorded([model.stem]) as stem, recorded(units_of(model)) as unit_outputs:
        logits = model(images)["logits"]
    assert_close("stem", np.mean(stem[0], axis=(1, 2)), arrays["seed_mean"], 1e-5)
    assert_unit_outputs(case, "forward/", unit_outputs, 1e-5)
    np.testing.assert_allclose(logits, arrays["forward/logits"], rtol=0, atol=1e-4)
    assert_close("float64", logits, arrays["forward/logits_f64"], 1e-5)


def test_an_image_alone(case, model, images):
    """There the original leaves out what is dropped, instead of masking it."""
    with recorded(units_of(model)) as unit_outputs:
        outputs = model(images[:1])
    expected = case.arrays["forward_single/logits"]
    np.testing.assert_allclose(outputs["logits"], expected, rtol=0, atol=1e-4)
    means = np.concatenate(block_means(unit_outputs), axis=1)[0]
    assert_close("block_mean", means, case.arrays["forward_single/block_mean"], 1e-5)


def test_the_pretrained_network_runs_every_unit(case, images):
    model = build_network(read_variables(case), stage="pretrain")
    with recorded(units_of(model)) as unit_outputs:
        outputs = model(images)
    assert_unit_outputs(case, "forward_full/", unit_outputs, 1e-5)
    expected = case.arrays["forward_full/logits"]
    np.testing.assert_allclose(outputs["logits"], expected, rtol=0, atol=1e-4)
    everything = case.options["flops"]["all"]
    assert sact_keras.count_flops(model, (32, 32))["total"] == everything
    np.testing.assert_array_equal(outputs["flops"], [everything] * len(images))


@pytest.mark.parametrize("index", range(4))
def test_given_policies(case, model, images, index):
    arrays = case.arrays
    policy = arrays["given/policy"][index]
    with recorded(units_of(model)) as unit_outputs:
        outputs = model(images, policy=policy)
    np.testing.assert_array_equal(policy_of(outputs), policy)
    expected = arrays["given/logits"][index]
    np.testing.assert_allclose(outputs["logits"], expected, rtol=0, atol=1e-4)
    np.testing.assert_allclose(
        outputs["policy_probability"], arrays["probs"], rtol=0, atol=1e-5
    )
    if index == 1:
        expected = arrays["given/block_mean1_last"]
        assert_close("last", block_means(unit_outputs)[-1], expected, 1e-5)


def test_policies_given_to_one_image(case, model, images):
    arrays = case.arrays
    agent = int(arrays["flops/agent"])
    for index, policy in enumerate(arrays["single/policy"]):
        outputs = model(images[:1], policy=policy[np.newaxis])
        expected = arrays["single/logits_img0"][index]
        np.testing.assert_allclose(outputs["logits"][0], expected, rtol=0, atol=1e-4)
        assert int(outputs["flops"][0]) == agent + arrays["flops/single"][index]


def test_flops(case, model, outputs):
    arrays = case.arrays
    np.testing.assert_array_equal(outputs["flops"], arrays["flops/per_image"])
    layers = sact_keras.count_flops(model, (32, 32))["layers"]
    policy = sum(v for name, v in layers.items() if name.startswith("policy/"))
    none = layers["stem/conv"] + layers["head/logits"]
    assert policy == arrays["flops/agent"] == case.options["flops"]["agent"]
    assert none == arrays["flops/none"] == case.options["flops"]["none"]
    names = (
        f"{block}/unit_{unit + 1}"
        for block, units in zip(model.block_names, model.num_units, strict=True)
        for unit in range(units)
    )
    for name, expected in zip(names, arrays["flops/block"], strict=True):
        of_unit = (v for k, v in layers.items() if k.startswith(f"{name}/"))
        assert sum(of_unit) == expected, name


@pytest.mark.parametrize("penalty", [-1.0, -5.0, -10.0])
@pytest.mark.parametrize("stage", ["cl_training", "finetune"])
def test_rewards(case, stage, penalty):
    arrays = case.arrays
    matches = arrays[f"reward/{stage}/match"]
    given = arrays["given/logits"][0].argmax(axis=1) == arrays["reward/targets"]
    for name, policy, right in (
        ("reward", arrays["policy"], matches),
        ("reward_given0", arrays["given/policy"][0], given),
    ):
        actual = policy_reward(policy, right, penalty)
        expected = arrays[f"{name}/{stage}/penalty{penalty:.0f}"][:, 0]
        np.testing.assert_allclose(actual, expected, rtol=1e-5)
