import pytest

import sact_keras
from sact_keras.checkpoints.network_description import (
    describe_network,
    is_decision,
    is_policy,
)
from sact_keras.checkpoints.sact_names import named_variables


@pytest.mark.parametrize("model_type", ["vanilla", "act", "sact"])
@pytest.mark.parametrize(
    ("dataset", "family", "units"),
    [("cifar10", "CIFAR", "1_2_1"), ("imagenet", "ImageNet", "1_2_1_2")],
)
def test_names_tell_the_network(dataset, family, units, model_type):
    model = sact_keras.build_model(
        model_type, dataset=dataset, model=units, base_channels=4
    )
    expected = f"{model_type}, {family}, units {units}"
    originals = [name for name, _ in named_variables(model)]
    ours = [variable.path for variable in model.weights]
    assert describe_network(originals) == expected
    assert describe_network(ours) == expected
    count = sum(map(is_decision, originals))
    assert count == sum(map(is_decision, ours))
    assert bool(count) == (model_type != "vanilla")


def test_units_are_counted_as_numbers():
    names = [f"block_{b}/unit_{u}/conv1/kernel" for b in (1, 10, 2) for u in (9, 10, 1)]
    assert describe_network(names) == "vanilla, CIFAR, units 10_10_10"


@pytest.mark.parametrize("names", [[], ["dense/kernel"], ["unit_1/conv/kernel"]])
def test_other_names_tell_nothing(names):
    assert describe_network(names) is None


def units(block_sizes, name, spelling):
    """One name for each unit, as PyTorch or as we spell it."""
    return [
        spelling.format(block, unit + (1 if spelling == UNIT else 0)) + name
        for block, size in enumerate(block_sizes, start=spelling != BLOCKDROP)
        for unit in range(size)
    ]


UNIT = "block_{}/unit_{}/"
TORCH = "layer{}.{}."
BLOCKDROP = "blocks.{}.{}."


@pytest.mark.parametrize(
    ("deciding", "method"),
    [
        ("fc1.weight", "aig"),
        ("fc1bn.running_mean", "aig"),
        ("fc2.bias", "aig"),
        ("masker.maskconv.conv.weight", "dynconv"),
        ("masker.maskconv.fc.bias", "dynconv"),
    ],
)
def test_names_of_pytorch(deciding, method):
    names = ["conv1.weight", "fc.bias", *units([3, 4, 6, 3], "conv3.weight", TORCH)]
    assert not any(map(is_decision, names))
    assert describe_network(names) == "vanilla, ImageNet, units 3_4_6_3"
    deciding = units([3, 4, 6, 3], deciding, TORCH)
    assert all(map(is_decision, deciding))
    assert describe_network(names + deciding) == f"{method}, ImageNet, units 3_4_6_3"


@pytest.mark.parametrize(
    ("deciding", "method"),
    [
        ("block_1/gates/unit_1/hidden/kernel", "aig"),
        ("block_1/maskers/unit_1/local_conv/kernel", "dynconv"),
    ],
)
def test_our_names_of_gates_and_maskers(deciding, method):
    assert is_decision(deciding)
    names = [*units([5, 5, 5], "conv1/kernel", UNIT), deciding]
    assert describe_network(names) == f"{method}, CIFAR, units 5_5_5"


@pytest.mark.parametrize(
    ("deciding", "spelling"),
    [
        ("policy/unit_1/conv1/kernel", UNIT),
        ("blockdrop_resnet_5_5_5/policy/free_units", UNIT),
        ("agent.logit.bias", TORCH),
        ("agent.features.blocks.2.7.conv2.weight", BLOCKDROP),
        ("agent.features.blocks.3.0.conv1.weight", BLOCKDROP),
    ],
)
def test_names_of_policies(deciding, spelling):
    assert is_decision(deciding)
    assert is_policy(deciding)
    names = units([5, 5, 5], "conv1", spelling)
    assert not any(map(is_decision, names))
    assert describe_network(names) == "vanilla, CIFAR, units 5_5_5"
    assert describe_network([*names, deciding]) == "blockdrop, CIFAR, units 5_5_5"


@pytest.mark.parametrize("name", ["my_policy/kernel", "agents.bias", "a.agent.b"])
def test_other_names_are_of_no_policy(name):
    assert not is_policy(name)


@pytest.mark.parametrize("spelling", [TORCH, UNIT, BLOCKDROP])
def test_basic_units_of_imagenet_are_told_from_bottlenecks(spelling):
    names = units([3, 4, 6, 3], "conv2", spelling)
    assert describe_network(names) == "vanilla, ImageNet, basic units 3_4_6_3"


def test_the_progress_of_the_training_belongs_to_what_decides():
    assert is_decision("progress")
    assert not is_decision("block_1/unit_1/progress/kernel")


@pytest.mark.parametrize("name", ["fc1.weight", "layer1.0.se.fc1.weight", "fc.weight"])
def test_linear_layers_elsewhere_decide_nothing(name):
    assert not is_decision(name)
