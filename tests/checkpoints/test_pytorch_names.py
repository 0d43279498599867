import numpy as np
import pytest

import sact_keras
from sact_keras.checkpoints.pytorch_names import (
    canonical_name,
    is_known,
    named_variables,
    to_our_layout,
    ungated_units,
)

NETWORKS = [
    {"dataset": "cifar10", "model": "2_1_1"},
    {"dataset": "imagenet", "model": "2_1_1_2", "num_classes": 3},
]


def build(model_type="aig", base_channels=4, **arguments):
    return sact_keras.build_model(
        model_type, base_channels=base_channels, **{"model": "2_1_1", **arguments}
    )


@pytest.mark.parametrize("network", NETWORKS, ids=["cifar10", "imagenet"])
@pytest.mark.parametrize(
    ("model_type", "variant"),
    [
        ("aig", "aig"),
        ("dynconv", "dynconv"),
        ("vanilla", "aig"),
        ("vanilla", "dynconv"),
        ("dynconv", "aig"),
        ("blockdrop", "blockdrop"),
        ("vanilla", "blockdrop"),
    ],
)
def test_every_weight_of_the_originals_has_one_name(network, model_type, variant):
    model = build(model_type, variant=variant, **network)
    named = list(named_variables(model))
    variables = {id(stored.variable): stored.variable for _, stored in named}
    assert len(dict(named)) == len(named) == len(variables)
    nameless = [w.path for w in model.weights if id(w) not in variables]
    counters = {
        "aig": ["progress"],
        "dynconv": ["progress"],
        "blockdrop": ["policy/free_units"],
    }
    assert nameless == [
        f"{model.name}/{counter}" for counter in counters.get(model_type, [])
    ]


def test_names_and_shapes_are_those_of_torchvision():
    model = sact_keras.build_model(
        "vanilla", dataset="imagenet", model="18", variant="dynconv"
    )
    stored = {name: s.shape for name, s in named_variables(model)}
    # Of resnet18, less the 20 counters of its norms.
    assert len(stored) == 122 - 20
    expected = {
        "conv1.weight": (64, 3, 7, 7),
        "bn1.running_var": (64,),
        "layer1.0.conv1.weight": (64, 64, 3, 3),
        "layer2.0.downsample.0.weight": (128, 64, 1, 1),
        "layer2.0.downsample.1.bias": (128,),
        "layer4.1.bn2.running_mean": (512,),
        "fc.weight": (1000, 512),
        "fc.bias": (1000,),
    }
    assert {name: stored.get(name) for name in expected} == expected
    assert "layer1.0.downsample.0.weight" not in stored


def assert_named(model, layers):
    """Every variable of the layers, name -> layer, has its name, and no other has."""
    named = dict(named_variables(model))
    expected = {}
    for name, layer in layers.items():
        if hasattr(layer, "kernel"):
            expected[f"{name}.weight"] = layer.kernel
            if layer.use_bias:
                expected[f"{name}.bias"] = layer.bias
        else:
            expected[f"{name}.weight"] = layer.gamma
            expected[f"{name}.bias"] = layer.beta
            expected[f"{name}.running_mean"] = layer.moving_mean
            expected[f"{name}.running_var"] = layer.moving_variance
    assert named.keys() == expected.keys()
    for name, variable in expected.items():
        assert named[name].variable is variable, name


def test_each_layer_of_convnet_aig():
    model = build("aig", model="1_1_2")
    layers = {"conv1": model.stem.conv, "bn1": model.stem.norm, "fc": model.head.logits}
    for number, block in enumerate(model.blocks, start=1):
        for index, unit in enumerate(block.units):
            root, gate = f"layer{number}.{index}", block.decision.gates[index]
            layers |= {
                f"{root}.conv1": unit.conv1,
                f"{root}.bn1": unit.conv1_norm,
                f"{root}.conv2": unit.conv2,
                f"{root}.bn2": unit.conv2_norm,
                f"{root}.fc1": gate.hidden,
                f"{root}.fc1bn": gate.norm,
                f"{root}.fc2": gate.logits,
            }
    for number in (2, 3):
        unit = model.blocks[number - 1].units[0]
        layers[f"layer{number}.0.downsample.0"] = unit.shortcut
        layers[f"layer{number}.0.downsample.1"] = unit.shortcut_norm
    assert_named(model, layers)


def test_each_layer_of_dynconv():
    model = build("dynconv", dataset="imagenet", model="1_1_1_1", num_classes=3)
    layers = {"conv1": model.stem.conv, "bn1": model.stem.norm, "fc": model.head.logits}
    for number, block in enumerate(model.blocks, start=1):
        (unit,), (masker,) = block.units, block.decision.maskers
        root = f"layer{number}.0"
        layers |= {
            f"{root}.conv1": unit.conv1,
            f"{root}.bn1": unit.conv1_norm,
            f"{root}.conv2": unit.conv2,
            f"{root}.bn2": unit.conv2_norm,
            f"{root}.conv3": unit.conv3,
            f"{root}.bn3": unit.conv3_norm,
            f"{root}.downsample.0": unit.shortcut,
            f"{root}.downsample.1": unit.shortcut_norm,
            f"{root}.masker.maskconv.conv": masker.local_conv,
            f"{root}.masker.maskconv.fc": masker.global_linear,
        }
    assert_named(model, layers)


def test_each_layer_of_blockdrop():
    model = build("blockdrop", dataset="imagenet", model="1_1_1_1", num_classes=3)
    policy = model.policy
    layers = {
        "conv1": model.stem.conv,
        "bn1": model.stem.norm,
        "fc": model.head.logits,
        "agent.conv1": policy.stem.conv,
        "agent.bn1": policy.stem.norm,
        "agent.logit": policy.logits,
        "agent.vnet": policy.value,
    }
    units = [block.units[0] for block in model.blocks]
    for prefix, names in (("", (1, 2, 3)), ("agent.", (1, 2))):
        for number, unit in enumerate(policy.units if prefix else units, start=1):
            root = f"{prefix}layer{number}.0"
            for name in names:
                layers[f"{root}.conv{name}"] = getattr(unit, f"conv{name}")
                layers[f"{root}.bn{name}"] = getattr(unit, f"conv{name}_norm")
            # The policy network's first segment has basic units, which widen nothing.
            if unit is not policy.units[0]:
                layers[f"{root}.downsample.0"] = unit.shortcut
                layers[f"{root}.downsample.1"] = unit.shortcut_norm
    assert_named(model, layers)


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("layer2.0.shortcut.0.weight", "layer2.0.downsample.0.weight"),
        ("layer2.0.shortcut.1.running_mean", "layer2.0.downsample.1.running_mean"),
        ("layer2.0.downsample.1.bias", "layer2.0.downsample.1.bias"),
        ("linear.weight", "fc.weight"),
        ("fc.bias", "fc.bias"),
        ("layer1.0.linear.weight", "layer1.0.linear.weight"),
        ("layer1.0.shortcut.conv.weight", "layer1.0.shortcut.conv.weight"),
        ("blocks.0.0.conv1.weight", "layer1.0.conv1.weight"),
        ("blocks.2.17.bn2.running_mean", "layer3.17.bn2.running_mean"),
        ("ds.1.0.weight", "layer2.0.downsample.0.weight"),
        ("ds.3.1.running_var", "layer4.0.downsample.1.running_var"),
        ("agent.features.conv1.weight", "agent.conv1.weight"),
        ("agent.features.blocks.1.0.bn1.bias", "agent.layer2.0.bn1.bias"),
        ("agent.features.ds.2.1.bias", "agent.layer3.0.downsample.1.bias"),
        ("agent.logit.bias", "agent.logit.bias"),
        ("features.blocks.1.0.bn1.bias", "features.blocks.1.0.bn1.bias"),
        ("my_blocks.1.0.bn1.bias", "my_blocks.1.0.bn1.bias"),
    ],
)
def test_all_spellings_have_one_canonical_name(name, canonical):
    assert canonical_name(name) == canonical


def test_names_of_resnets_are_known_from_others():
    assert is_known("conv1.weight")
    assert is_known("layer4.22.bn3.weight")
    assert is_known("agent.logit.weight")
    for name in ("features.0.weight", "layers.0.conv1.weight", "conv10.weight", "v"):
        assert not is_known(name)


def test_units_without_a_gate_are_told():
    model = build("aig", target_rates=[1, "t", 0.5, 1])
    roots = [name for name in ungated_units(model) if name.endswith(".fc1.")]
    assert roots == ["layer1.0.fc1.", "layer3.0.fc1."]
    assert "layer3.0.fc1bn." in list(ungated_units(model))
    for other in (
        build("aig"),
        build("dynconv"),
        build("vanilla", variant="aig"),
        build("aig", target_rates=[1, 1, 1, 1], gate_all_units=True),
    ):
        assert not list(ungated_units(other))


def test_axes_find_their_places():
    kernel = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    ours = to_our_layout(kernel)
    assert ours.shape == (4, 5, 3, 2)
    assert ours[1, 2, 0, 1] == kernel[1, 0, 1, 2]
    linear = np.arange(6).reshape(2, 3)
    np.testing.assert_array_equal(to_our_layout(linear), linear.T)
    np.testing.assert_array_equal(to_our_layout(np.arange(3)), [0, 1, 2])
