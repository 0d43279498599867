import numpy as np
import pytest

import sact_keras
from sact_keras.models import METHODS, AdaptiveResNet


def test_defaults_are_resnet_32_for_cifar_10():
    model = sact_keras.build_model("sact")
    assert isinstance(model, AdaptiveResNet)
    assert model.built
    assert model.num_units == (5, 5, 5)
    assert model.block_names == ["block_1", "block_2", "block_3"]
    assert model.num_classes == 10
    assert model.base_channels == 16
    assert model.variant == "sact"
    assert model.arguments == {"tau": 0.01, "eps": 0.01}


@pytest.mark.parametrize("model_type", METHODS)
def test_sizes_are_chosen(model_type):
    model = sact_keras.build_model(
        model_type, dataset="cifar100", model="1_4_6", base_channels=3
    )
    assert model.num_units == (1, 4, 6)
    assert model.num_classes == 100
    assert model.stem.conv.kernel.shape == (3, 3, 3, 3)
    assert [block.units[-1].conv2.kernel.shape[-1] for block in model.blocks] == [
        3,
        6,
        12,
    ]
    assert model.head.logits.kernel.shape == (12, 100)


@pytest.mark.parametrize("model_type", METHODS)
def test_imagenet_sizes_are_chosen(model_type):
    model = sact_keras.build_model(
        model_type, dataset="imagenet", model="1_2_1_1", base_channels=16
    )
    assert model.num_units == (1, 2, 1, 1)
    in_sact = model.variant == "sact"
    assert model.num_classes == (1001 if in_sact else 1000)
    assert model.stem.conv.kernel.shape == (7, 7, 3, 64 if in_sact else 16)
    units = [block.units[0] for block in model.blocks]
    assert [unit.conv2.kernel.shape[-1] for unit in units] == [16, 32, 64, 128]
    # The stem's 64 channels are what a base of 16 makes of the first block.
    shortcuts = [unit.shortcut is not None for unit in units]
    assert shortcuts == [not in_sact, True, True, True]


@pytest.mark.parametrize(
    ("model", "parameters", "macs"),
    [
        ("18", 11_689_512, 1_814_073_344),
        ("34", 21_797_672, 3_663_761_408),
        ("50", 25_557_032, 4_089_184_256),
    ],
)
def test_postactivation_resnets_are_pytorchs(model, parameters, macs):
    """By the parameters and the multiply-accumulates that torchvision gives."""
    network = sact_keras.build_model(
        "vanilla", dataset="imagenet", model=model, variant="dynconv"
    )
    sizes = [np.prod(variable.shape) for variable in network.trainable_variables]
    assert sum(sizes) == parameters
    assert sact_keras.count_flops(network, (224, 224))["total"] == 2 * macs


def test_imagenet_defaults_are_resnet_101():
    model = sact_keras.build_model("vanilla", dataset="imagenet")
    assert model.num_units == (3, 4, 23, 3)
    assert sact_keras.count_flops(model, (224, 224))["total"] == 15_602_814_976


def test_num_classes_overrides_the_data_sets():
    model = sact_keras.build_model(
        "vanilla", dataset="cifar100", model="1", base_channels=2, num_classes=7
    )
    assert model(np.zeros((1, 8, 8, 3), "float32"))["logits"].shape == (1, 7)


def test_a_folder_of_images_has_the_networks_of_cifar():
    model = sact_keras.build_model("vanilla", "folder", model="1", num_classes=7)
    assert (model.family, model.base_channels, model.num_classes) == ("cifar", 16, 7)


def test_act_early_stopping_is_act():
    model = sact_keras.build_model("act_early_stopping", model="1", base_channels=2)
    assert model.model_type == "act"


def test_method_arguments_reach_the_decisions():
    model = sact_keras.build_model("act", model="2", base_channels=2, tau=0.5, eps=0.2)
    assert model.arguments == {"tau": 0.5, "eps": 0.2}
    assert {block.decision.eps for block in model.blocks} == {0.2}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model_type": "rnn"}, "model_type must be .* Received: model_type='rnn'"),
        ({"dataset": "mnist"}, "dataset must be one of .* Received: dataset='mnist'"),
        ({"dataset": "folder"}, "num_classes must be given for the data set 'folder'"),
        ({"model": "5_5"}, "model must be .* Received: model='5_5'"),
        ({"model": 0}, "model must be .* Received: model='0'"),
        ({"num_classes": 0}, "num_classes must be at least 1.* num_classes=0"),
        ({"base_channels": 0}, "base_channels must be at least 1.* base_channels=0"),
        ({"base_channels": -4}, "base_channels must be at least 1.*=-4"),
        (
            {"variant": "vgg"},
            "variant must be one of sact, aig, .*blockdrop .*Received: variant='vgg'",
        ),
        ({"tau": -1.0}, "tau must be .*at least 0. Received: tau=-1.0"),
        ({"tau": float("nan")}, "tau must be finite.*tau=nan"),
        ({"tau": float("inf")}, "tau must be finite.*tau=inf"),
        ({"eps": 0.0}, r"eps must be in \(0, 1\). Received: eps=0.0"),
        ({"eps": 1.0}, r"eps must be in \(0, 1\). Received: eps=1.0"),
        ({"target_rate": 0.5}, "tau, eps.*Received: target_rate=0.5"),
        ({"model_type": "vanilla", "tau": 0.1}, "none.*Received: tau=0.1"),
        ({"tau": "0.1"}, "tau must be a number. Received: tau='0.1'"),
        ({"model_type": "aig", "target_rate": None}, "a number. .*target_rate=None"),
        ({"model_type": "aig", "target_rates": 0.5}, "3 rates.*target_rates=0.5"),
        ({"model_type": "aig", "rate_weight": "1"}, "a number. .*rate_weight='1'"),
        ({"model_type": "dynconv", "budget": "0.5"}, "a number. .*budget='0.5'"),
        ({"model_type": "dynconv", "budget": True}, "a number. .*budget=True"),
    ],
    ids=str,
)
def test_bad_arguments_are_named_with_what_was_received(arguments, message):
    defaults = {"model_type": "sact", "model": "1", "base_channels": 2}
    with pytest.raises(ValueError, match=message):
        sact_keras.build_model(**{**defaults, **arguments})


def test_arguments_of_numpy_are_saved(tmp_path):
    model = sact_keras.build_model(
        "aig",
        model="1",
        base_channels=2,
        target_rates=np.array([1.0, 0.5, 0.25]),
        rate_weight=np.float32(0.5),
    )
    model.save(tmp_path / "model.keras")
    loaded = sact_keras.load_model(tmp_path / "model.keras")
    assert loaded.target_rates == (1.0, 0.5, 0.25)
    assert loaded.arguments == model.arguments
