"""Networks of other depths, widths and sizes than the golden ones."""

import cifar_reference
import imagenet_reference
import numpy as np
import pytest
from comparison import assert_same_output
from forward import forward
from slim_checkpoint import write_slim_checkpoint

import sact_keras
from sact_keras.accounting import flops_dtype

CIFAR = {
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

IMAGENET = {
    "small": {"model": "1_2_2_1", "size": (33, 47), "seed": 20, "base_channels": 4},
    # Here and there a row of its maps depends on the rounding of float32.
    "rounded maps": {
        "model": "1_2_1_1",
        "size": (122, 244),
        "seed": 14,
        "base_channels": 4,
    },
    "deep and uneven": {"model": "1_3_5_2", "size": (65, 97), "seed": 3},
    # Four times 16 are the stem's 64: the first block needs no shortcut convolution.
    "base 16, all classes": {
        "model": "2_1_2_3",
        "size": (33, 50),
        "seed": 2,
        "base_channels": 16,
        "num_classes": None,
    },
    "odd base, another eps": {
        "model": "3_2_4_1",
        "size": (47, 31),
        "seed": 4,
        "base_channels": 5,
        "num_classes": 2,
        "eps": 0.3,
    },
}

# One network of a family is enough to tell another backend by: JAX compiles for
# seconds.
FOR_EVERY_BACKEND = ("uneven the other way", "small")


def parameters(cases):
    return [
        pytest.param(
            case,
            id=name,
            marks=[pytest.mark.backend] if name in FOR_EVERY_BACKEND else [],
        )
        for name, case in cases.items()
    ]


def make_images(case):
    """Images of different brightness and contrast, so that ACT tells them apart."""
    rng = np.random.default_rng(case["seed"])
    images = rng.normal(size=(5, *case["size"], 3))
    images *= np.linspace(0.3, 2.0, 5).reshape(5, 1, 1, 1)
    images += np.linspace(-1.0, 1.0, 5).reshape(5, 1, 1, 1)
    return images.astype("float32")


def decisions_vary(outputs):
    units = [v for k, v in outputs.items() if k.endswith("/num_units")]
    return any(len(np.unique(block)) > 1 for block in units)


def assert_equals_the_reference(dataset, model_type, case, directory, tolerance):
    """Compares a network with the oracle; `tolerance` as for `assert_same_output`."""
    base_channels = case.get("base_channels", 8)
    num_classes = case.get("num_classes", 10)
    halting = {} if model_type == "vanilla" else {"eps": case.get("eps", 0.01)}
    model = sact_keras.build_model(
        model_type,
        dataset=dataset,
        model=case["model"],
        base_channels=base_channels,
        num_classes=num_classes,
        **halting,
    )
    images = make_images(case)
    shape = (model_type, model.num_units, base_channels, model.num_classes)
    if dataset == "imagenet":
        draw = imagenet_reference.random_variables
        variables = draw(*shape, case["seed"], images)
        reference = imagenet_reference.ImageNetReference
    else:
        variables = cifar_reference.random_variables(*shape, case["seed"])
        reference = cifar_reference.CifarReference
    sact_keras.load_checkpoint(model, write_slim_checkpoint(directory, variables))

    expected = reference(model_type, model.num_units, variables, **halting)(images)
    # Scores are at most 1, so that they are off by no more than the tolerance.
    margin = expected.pop("margin")
    assert margin > tolerance, "choose a seed without doubtful decisions"
    if model_type != "vanilla":
        assert decisions_vary(expected), "choose a seed whose halting varies"
    outputs = forward(model, images)
    inexact = 0 if flops_dtype() == "int64" else 1e-6
    for name, value in expected.items():
        actual = outputs[name]
        if name == "num_units_map" and model_type == "vanilla":
            value = np.broadcast_to(value, actual.shape)
        assert_same_output(name, actual, value, tolerance, count_tolerance=inexact)


@pytest.mark.fast_with("sact-*", "act-deep and uneven")
@pytest.mark.parametrize("case", parameters(CIFAR))
@pytest.mark.parametrize("model_type", ["vanilla", "act", "sact"])
def test_cifar_equals_the_reference(model_type, case, tmp_path):
    assert_equals_the_reference("cifar10", model_type, case, tmp_path, 1e-5)


@pytest.mark.fast_with("sact-*", "vanilla-small")
@pytest.mark.parametrize("case", parameters(IMAGENET))
@pytest.mark.parametrize("model_type", ["vanilla", "act", "sact"])
def test_imagenet_equals_the_reference(model_type, case, tmp_path):
    assert_equals_the_reference("imagenet", model_type, case, tmp_path, 5e-5)


@pytest.mark.slow
@pytest.mark.parametrize("model_type", ["vanilla", "act", "sact"])
def test_resnet_101_equals_the_reference(model_type, tmp_path):
    case = {
        "model": "101",
        "size": (65, 97),
        "seed": 10,
        "base_channels": 64,
        "num_classes": None,
    }
    # Rounding errors add up from unit to unit, and norms enlarge those of channels
    # that vary little: the oracle itself is off by 4e-5 in float32.
    assert_equals_the_reference("imagenet", model_type, case, tmp_path, 1e-4)
