import re

import pytest

from sact_keras.models.presets import (
    DATASETS,
    MODEL_TYPES,
    canonical_model_type,
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
