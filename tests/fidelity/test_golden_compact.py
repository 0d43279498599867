"""Compact execution of the originals' own networks, on the originals' own images."""

import numpy as np
import pytest
from compact_checks import RATES, assert_equal_outputs, draw_masks
from policy_golden import NAME, build_network, read_variables
from test_golden import CASES, load_model
from torch_golden import assert_close, load_case, to_nhwc
from torch_networks import NETWORKS

import sact_keras

# Graphs take seconds to make.
FAST = ("v1", "aig_cifar_222", "dynconv_cifar_resnet8")


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(name, marks=[pytest.mark.slow] * (name not in FAST))
        for name in (*CASES, *NETWORKS, NAME)
    ],
)
def network(request, golden_case, shared_dir):
    """(model, compact form, images, the original's logits)."""
    name = request.param
    if name in CASES:
        case = golden_case(name)
        model, arrays = load_model(case), case.evaluation
        return model, sact_keras.compact(model), arrays["images"], arrays["logits"]
    case = load_case(shared_dir, name)
    images = to_nhwc(case.arrays["images"])
    if name == NAME:
        model = build_network(read_variables(case))
        logits = case.arrays["forward/logits"]
    else:
        model = case.model()
        logits = case.arrays.get("logits", case.arrays.get("zero/logits"))
    return model, sact_keras.compact(model), images, logits


def test_evaluation_mode(network):
    model, fast, images, logits = network
    outputs = fast(images)
    assert_equal_outputs(outputs, model(images))
    assert_close("logits", outputs["logits"], logits, 1e-4)


def test_an_image_alone(network):
    model, fast, images, _ = network
    assert_equal_outputs(fast(images[:1]), model(images[:1]))


@pytest.mark.slow
def test_masks_of_all_rates(network):
    model, fast, images, _ = network
    size = images.shape[1:3]
    for rate in RATES:
        masks = draw_masks(model, len(images), size, rate)
        outputs = fast(images, masks=masks)
        assert_equal_outputs(outputs, model(images, masks=masks))
        for actual, given in zip(outputs["masks"], masks, strict=True):
            np.testing.assert_array_equal(actual, given)
