"""Networks of other depths, widths and sizes than the golden ones."""

import numpy as np
import pytest
from cifar_reference import CifarReference, random_variables
from forward import forward
from slim_checkpoint import write_slim_checkpoint

import sact_keras
from sact_keras.accounting import flops_dtype

CASES = {
    "deep and uneven": {"model": "1_4_6", "size": (32, 32), "seed": 24},
    "uneven the other way": {"model": "3_1_2", "size": (24, 40), "seed": 2},
    "wide, many classes": {
        "model": "2_3_1",
        "size": (16, 32),
        "seed": 3,
        "base_channels": 12,
        "num_classes": 100,
    },
    "odd base, another eps": {
        "model": "3",
        "size": (20, 12),
        "seed": 4,
        "base_channels": 5,
        "num_classes": 2,
        "eps": 0.3,
    },
}


def decisions_vary(outputs):
    units = [v for k, v in outputs.items() if k.endswith("/num_units")]
    return any(len(np.unique(block)) > 1 for block in units)


# One network is enough to tell another backend by: JAX compiles for seconds.
FOR_EVERY_BACKEND = "uneven the other way"


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            case,
            id=name,
            marks=[pytest.mark.backend] if name == FOR_EVERY_BACKEND else [],
        )
        for name, case in CASES.items()
    ],
)
@pytest.mark.parametrize("model_type", ["vanilla", "act", "sact"])
def test_equals_the_reference(model_type, case, tmp_path):
    base_channels = case.get("base_channels", 8)
    num_classes = case.get("num_classes", 10)
    halting = {} if model_type == "vanilla" else {"eps": case.get("eps", 0.01)}
    model = sact_keras.build_model(
        model_type,
        model=case["model"],
        base_channels=base_channels,
        num_classes=num_classes,
        **halting,
    )
    variables = random_variables(
        model_type, model.num_units, base_channels, num_classes, case["seed"]
    )
    prefix = write_slim_checkpoint(tmp_path, variables)
    sact_keras.load_checkpoint(model, prefix)
    # Images of different brightness and contrast, so that ACT tells them apart.
    rng = np.random.default_rng(case["seed"])
    images = rng.normal(size=(5, *case["size"], 3))
    images *= np.linspace(0.3, 2.0, 5).reshape(5, 1, 1, 1)
    images += np.linspace(-1.0, 1.0, 5).reshape(5, 1, 1, 1)
    images = images.astype("float32")

    network = CifarReference(model_type, model.num_units, variables, **halting)
    expected = network(images)
    assert expected.pop("margin") > 1e-5, "choose a seed without doubtful decisions"
    if model_type != "vanilla":
        assert decisions_vary(expected), "choose a seed whose halting varies"
    outputs = forward(model, images)
    for name, value in expected.items():
        actual = outputs[name]
        if name == "num_units_map" and model_type == "vanilla":
            value = np.broadcast_to(value, actual.shape)
        if name.endswith("/num_units"):
            np.testing.assert_array_equal(actual, value)
        elif name.endswith("flops"):
            exact = flops_dtype() == "int64"
            np.testing.assert_allclose(actual, value, rtol=0 if exact else 1e-6)
        else:
            np.testing.assert_allclose(actual, value, rtol=1e-4, atol=1e-4)
