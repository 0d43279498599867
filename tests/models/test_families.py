import pytest

from sact_keras.layers import (
    DroppableBottleneck,
    DroppableUnit,
    PostactivationBottleneck,
    PostactivationUnit,
)
from sact_keras.models.families import FAMILIES
from sact_keras.models.methods import METHODS
from sact_keras.models.presets import MODEL_TYPES, NUM_BLOCKS


@pytest.mark.parametrize("key", FAMILIES, ids="-".join)
def test_tables_agree(key):
    design = FAMILIES[key]
    assert len(design.widths) == len(design.strides) == NUM_BLOCKS[key[0]]


def test_the_cifar_family():
    design = FAMILIES["cifar", "sact"]
    units = design.make_units(1, 3, base_channels=16)
    assert [unit.filters for unit in units] == [32, 32, 32]
    assert [unit.strides for unit in units] == [2, 1, 1]
    assert [unit.name for unit in units] == ["unit_1", "unit_2", "unit_3"]
    first, *others = (
        unit
        for block in range(3)
        for unit in design.make_units(block, 2, base_channels=16)
    )
    assert first.preactivated_shortcut
    assert not any(unit.preactivated_shortcut for unit in others)
    assert design.style.get_config() == {
        "momentum": 0.9,
        "epsilon": 1e-3,
        "negative_slope": 0.1,
        "weight_decay": 2e-4,
        "initialization": "fan_in",
        "unbiased_variance": False,
    }


def test_the_imagenet_family():
    design = FAMILIES["imagenet", "sact"]
    units = [design.make_units(block, 2, base_channels=64) for block in range(4)]
    assert [first.filters for first, _ in units] == [256, 512, 1024, 2048]
    assert [first.strides for first, _ in units] == [1, 2, 2, 2]
    assert [second.strides for _, second in units] == [1, 1, 1, 1]
    assert design.stem(8).filters == 64
    assert not design.head(10).pool_first
    assert not design.activated_halting
    assert design.style.get_config() == {
        "momentum": 0.997,
        "epsilon": 1e-5,
        "negative_slope": 0.0,
        "weight_decay": 1e-4,
        "initialization": "fan_in",
        "unbiased_variance": False,
    }


@pytest.mark.parametrize(
    ("variant", "unit_class"),
    [
        ("aig", PostactivationUnit),
        ("dynconv", PostactivationUnit),
        ("blockdrop", DroppableUnit),
    ],
)
def test_the_postactivation_cifar_families(variant, unit_class):
    design = FAMILIES["cifar", variant]
    units = [design.make_units(block, 2, base_channels=16) for block in range(3)]
    assert {type(unit) for block in units for unit in block} == {unit_class}
    assert [first.filters for first, _ in units] == [16, 32, 64]
    assert [first.strides for first, _ in units] == [1, 2, 2]
    assert [second.strides for _, second in units] == [1, 1, 1]
    assert not design.stem(16).pooled
    assert design.reports_macs == (variant == "dynconv")


@pytest.mark.parametrize(
    ("variant", "unit_type", "unit_class", "expansion"),
    [
        ("aig", "bottleneck", PostactivationBottleneck, 4),
        ("dynconv", "bottleneck", PostactivationBottleneck, 4),
        ("dynconv", "basic", PostactivationUnit, 1),
        ("blockdrop", "bottleneck", DroppableBottleneck, 4),
        ("blockdrop", "basic", DroppableUnit, 1),
    ],
)
def test_the_postactivation_imagenet_families(
    variant, unit_type, unit_class, expansion
):
    design = FAMILIES["imagenet", variant].of_units(unit_type)
    assert design.unit_type == unit_type
    units = [design.make_units(block, 2, base_channels=64) for block in range(4)]
    assert {type(unit) for block in units for unit in block} == {unit_class}
    widths = [expansion * width for width in (64, 128, 256, 512)]
    assert [first.filters for first, _ in units] == widths
    assert [first.strides for first, _ in units] == [1, 2, 2, 2]
    # Unlike SACT's, the stem follows the base.
    assert (design.stem(8).filters, design.stem(8).pooled) == (8, True)
    assert design.reports_macs == (variant == "dynconv")


@pytest.mark.parametrize("family", NUM_BLOCKS)
def test_units_that_may_be_dropped_project_their_shortcuts_on_imagenet_alone(family):
    design = FAMILIES[family, "blockdrop"]
    for each in filter(None, (design, design.other)):
        unit = each.make_units(1, 1, base_channels=4)[0]
        assert unit.projection == (family == "imagenet")


@pytest.mark.parametrize("key", [key for key in FAMILIES if key[1] != "sact"])
def test_the_postactivation_families_have_pytorchs_conventions(key):
    assert FAMILIES[key].style.get_config() == {
        "momentum": 0.9,
        "epsilon": 1e-5,
        "negative_slope": 0.0,
        "weight_decay": 0.0,
        "initialization": "fan_out",
        "unbiased_variance": True,
    }


@pytest.mark.parametrize("key", FAMILIES, ids="-".join)
def test_units_are_of_the_familys_own_type_unless_asked_otherwise(key):
    design = FAMILIES[key]
    assert design.of_units(None) is design
    assert design.of_units(design.unit_type) is design
    own = "basic" if key[0] == "cifar" else "bottleneck"
    assert design.unit_type == own
    other = {"basic": "bottleneck", "bottleneck": "basic"}[own]
    if key in (("imagenet", "dynconv"), ("imagenet", "blockdrop")):
        assert design.of_units(other).unit_type == other
    else:
        with pytest.raises(ValueError, match=f"^unit must be '{own}'.*unit='{other}'$"):
            design.of_units(other)


@pytest.mark.parametrize("family", NUM_BLOCKS)
@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_every_method_has_a_network(model_type, family):
    method = METHODS[model_type]
    assert (family, method.variant) in FAMILIES
    assert method.complete({}, num_units=5) == dict(method.arguments)
