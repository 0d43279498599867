"""Which units a network decides about."""

import pytest

import sact_keras
from sact_keras.models.decided_units import decided_units


@pytest.mark.parametrize(
    ("model_type", "arguments", "expected"),
    [
        ("vanilla", {}, [0, 0, 0, 0]),
        ("act", {}, [0, 0, 1, 0]),
        ("sact", {}, [0, 0, 1, 0]),
        ("aig", {}, [1, 1, 1, 1]),
        ("aig", {"target_rates": "1,t,1,0.5"}, [0, 1, 0, 1]),
        ("aig", {"target_rates": "1,t,1,0.5", "gate_all_units": True}, [1, 1, 1, 1]),
        ("aig", {"gate_eval": "sample"}, [1, 1, 1, 1]),
        ("dynconv", {}, [1, 1, 1, 1]),
        ("dynconv", {"budget": -1}, [0, 0, 0, 0]),
    ],
)
def test_units_that_are_decided_about(model_type, arguments, expected):
    model = sact_keras.build_model(
        model_type, model="1_2_1", base_channels=4, **arguments
    )
    assert decided_units(model) == [bool(decided) for decided in expected]


def test_units_of_imagenet_that_are_decided_about():
    model = sact_keras.build_model(
        "sact", dataset="imagenet", model="1_2_1_1", num_classes=5, base_channels=16
    )
    assert decided_units(model) == [False, False, True, False, False]
