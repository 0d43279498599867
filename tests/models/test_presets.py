import re

import pytest

from sact_keras.models.presets import (
    DATASETS,
    DEFAULT_VARIANTS,
    METHOD_ARGUMENTS,
    MODEL_TYPES,
    PENALTIES,
    STAGES,
    VARIANTS,
    canonical_model,
    canonical_model_type,
    default_preprocessing,
    num_classes_of,
    parse_architecture,
    parse_model,
)


@pytest.mark.parametrize(
    ("model", "num_units"),
    [
        ("5", (5, 5, 5)),
        ("18", (18, 18, 18)),
        (3, (3, 3, 3)),
        ("1_4_6", (1, 4, 6)),
        ("1_1_1", (1, 1, 1)),
    ],
)
def test_models_of_the_cifar_family(model, num_units):
    assert parse_model(model) == num_units


@pytest.mark.parametrize(
    "model",
    ["", "0", "-1", "5_5", "1_2_3_4", "1__2", "1_0_2", "five", "5.0", "5_", " 5", 2.0],
)
def test_anything_else_is_refused(model):
    expected = rf"^model must be .*Received: model={re.escape(repr(str(model)))}$"
    with pytest.raises(ValueError, match=expected):
        parse_model(model)


@pytest.mark.parametrize(
    ("model", "num_units", "name"),
    [
        ("50", (3, 4, 6, 3), "50"),
        (101, (3, 4, 23, 3), "101"),
        ("152", (3, 8, 36, 3), "152"),
        ("200", (3, 24, 36, 3), "200"),
        ("3_4_23_3", (3, 4, 23, 3), "101"),
        ("1_1_1_1", (1, 1, 1, 1), "1_1_1_1"),
        (None, (3, 4, 23, 3), "101"),
    ],
)
def test_models_of_the_imagenet_family(model, num_units, name):
    assert parse_model(model, "imagenet") == num_units
    assert canonical_model(model, "imagenet") == name


@pytest.mark.parametrize("model", ["5", "18", "1_4_6", "0_1_1_1", "1_1_1_1_1", "101.0"])
def test_no_other_depth_is_known_on_imagenet(model):
    expected = rf"layers \(50, 101, 152, 200\) .*4 positive.*model={model!r}$"
    with pytest.raises(ValueError, match=expected):
        parse_model(model, "imagenet")


@pytest.mark.parametrize("variant", ["aig", "blockdrop"])
@pytest.mark.parametrize(
    ("model", "num_units"),
    [
        ("50", (3, 4, 6, 3)),
        ("101", (3, 4, 23, 3)),
        ("152", (3, 8, 36, 3)),
        ("1_2_1_1", (1, 2, 1, 1)),
    ],
)
def test_models_of_bottlenecks_alone(variant, model, num_units):
    architecture = parse_architecture(model, "imagenet", variant)
    assert architecture == (num_units, "bottleneck")
    assert canonical_model(model, "imagenet", variant) == model


@pytest.mark.parametrize("variant", ["aig", "blockdrop"])
@pytest.mark.parametrize("model", ["18", "34", "200", "basic_1_2_1_1"])
def test_models_that_other_originals_have(variant, model):
    expected = rf"layers \(50, 101, 152\) .*'3_4_6_3'\)\. Received: model={model!r}$"
    with pytest.raises(ValueError, match=expected):
        parse_architecture(model, "imagenet", variant)


@pytest.mark.parametrize(
    ("model", "name"), [("5_5_5", "5"), ("5", "5"), ("1_4_6", "1_4_6"), (None, "5")]
)
def test_one_network_has_one_name(model, name):
    assert canonical_model(model) == name


@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_model_types_are_their_own_names(model_type):
    assert canonical_model_type(model_type) == model_type


def test_the_originals_early_stopping_is_act():
    assert canonical_model_type("act_early_stopping") == "act"


def test_unknown_model_types_are_refused():
    known = "vanilla, act, sact, .*act_early_stopping"
    with pytest.raises(ValueError, match=rf"{known}.*Received: model_type='resnet'"):
        canonical_model_type("resnet")


@pytest.mark.parametrize(
    ("dataset", "num_classes"), [("cifar10", 10), ("cifar100", 100), ("shapes", 10)]
)
def test_datasets(dataset, num_classes):
    preset = DATASETS[dataset]
    assert preset.num_classes == num_classes
    assert preset.image_size == (32, 32)
    assert preset.family == "cifar"


def test_imagenet():
    preset = DATASETS["imagenet"]
    assert preset.num_classes == 1001
    assert preset.image_size == (224, 224)
    assert preset.family == "imagenet"


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_background_is_a_class_of_sacts_networks(variant):
    assert num_classes_of("imagenet", variant) == (1001 if variant == "sact" else 1000)
    assert num_classes_of("cifar100", variant) == 100
    assert num_classes_of("folder", variant) is None


@pytest.mark.parametrize(
    ("dataset", "variant", "model", "preprocessing"),
    [
        ("cifar10", "blockdrop", "5", "blockdrop_r32"),
        ("cifar10", "blockdrop", "18", "blockdrop"),
        ("cifar100", "blockdrop", "5", "blockdrop"),
        ("imagenet", "blockdrop", "101", "blockdrop"),
        ("cifar10", "sact", "5", "sact"),
        ("cifar10", "aig", "5", "aig"),
    ],
)
def test_one_network_of_blockdrop_alone_sees_normalized_pixels(
    dataset, variant, model, preprocessing
):
    assert default_preprocessing(dataset, variant, model) == preprocessing


def test_tables_agree():
    assert set(DEFAULT_VARIANTS) == set(METHOD_ARGUMENTS) == set(MODEL_TYPES)
    assert STAGES == ("pretrain", "curriculum", "finetune")
    assert METHOD_ARGUMENTS["blockdrop"]["stage"] == "finetune"
    assert PENALTIES == {"pretrain": None, "curriculum": -1.0, "finetune": -5.0}
