"""The oracle of gated networks computes what the originals did, in float64."""

import numpy as np
import pytest
from gate_reference import GateReference, gumbel
from golden_masks import CASES
from loss_reference import (
    budget_bounds,
    budget_loss,
    cross_entropy,
    target_rate_loss,
)
from mask_reference import MaskReference, spread
from postactivation_reference import PostactivationReference
from reference import dilate
from torch_golden import assert_close, load_case, to_nhwc

# (case, mode): of the small one there is training mode, too.
GATES = [
    ("aig_cifar_222", "zero"),
    ("aig_cifar_222", "noise"),
    ("aig_cifar_222", "loss_trainbn"),
    ("aig_imagenet_1221_w8", "zero"),
    ("aig_imagenet_1221_w8", "noise"),
]
ODD_CASE = "dynconv_imagenet_bottleneck1121_w0125"


def read_variables(case):
    import torch

    content = torch.load(case.checkpoints[0], map_location="cpu", weights_only=True)
    return {
        name.removeprefix("module."): tensor.numpy()
        for name, tensor in content["state_dict"].items()
    }


def images_of(case, name="images"):
    return to_nhwc(case.arrays[name])


@pytest.mark.parametrize(("name", "mode"), GATES)
def test_gates(shared_dir, name, mode):
    case = load_case(shared_dir, name)
    training = mode == "loss_trainbn"
    prefix = f"{mode}/" if training else ""
    noise = None if mode == "zero" else case.arrays[f"{prefix}noise_u"]
    network = GateReference(read_variables(case), training, noise)
    outputs = network(images_of(case))
    assert_close("logits", outputs["logits"], case.arrays[f"{mode}/logits"], 1e-6)
    np.testing.assert_array_equal(outputs["masks"], case.arrays[f"{mode}/gates"])
    expected = case.arrays[f"{mode}/gate_logits"]
    assert_close("gate_logits", np.array(network.gate_logits), expected, 1e-5)
    assert_after(case, f"{mode}/", outputs["after"])
    if not training:
        expected = case.arrays[f"{mode}/logits_f64"]
        assert_close("float64", outputs["logits"], expected, 1e-8)
    if noise is not None:
        expected = case.arrays[f"{prefix}noise_gumbel"]
        np.testing.assert_allclose(gumbel(noise.astype("float64")), expected, 1e-4)


@pytest.mark.parametrize(("name", "mode"), [row for row in GATES if row[1] != "zero"])
def test_target_rate_loss(shared_dir, name, mode):
    case = load_case(shared_dir, name)
    masks, logits = (case.arrays[f"{mode}/{key}"] for key in ("gates", "logits"))
    losses = "loss_evalbn" if mode == "noise" else mode
    task = cross_entropy(case.arrays["targets"], logits.astype("float64"))
    compared = 0
    for key, options in case.options["losses"].items():
        if key.startswith(losses) and "target" in options:
            rates = options["target_rates"]
            passed_over = [u for u, rate in enumerate(rates or ()) if rate >= 1]
            targets = rates or [options["target"]] * len(masks)
            loss = target_rate_loss(masks, targets, options["lossfact"], passed_over)
            actual = loss, task, loss + task
            expected = case.arrays[f"{key}/values"][2:]
            np.testing.assert_allclose(actual, expected, rtol=1e-5, err_msg=key)
            compared += 1
    assert compared == 5


@pytest.mark.parametrize("name", CASES)
def test_masks(shared_dir, name):
    case = load_case(shared_dir, name)
    network = MaskReference(read_variables(case))
    outputs = network(images_of(case))
    assert_close("logits", outputs["logits"], case.arrays["logits_f64"], 1e-8)
    assert_masks(case, "", outputs)
    np.testing.assert_array_equal(outputs["macs"], case.arrays["flops/per_image"])
    active, positions, weights, around, around_positions, first = case.arrays[
        "mask_table"
    ].T
    costs = active * weights + around * first
    np.testing.assert_array_equal(np.sum(network.costs, axis=1), costs)
    dense_costs = positions * weights + around_positions * first
    np.testing.assert_array_equal(np.sum(network.dense_costs, axis=1), dense_costs)
    for row in case.arrays["sparsity/values"]:
        budget, epoch, epochs, loss, upper, lower, *_ = row
        bounds = budget_bounds(budget, epoch, epochs)
        np.testing.assert_allclose(bounds, (lower, upper), rtol=1e-5, atol=1e-9)
        actual = budget_loss(costs, dense_costs, budget, epoch, epochs)
        np.testing.assert_allclose(actual, loss, rtol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_dense(shared_dir, name):
    case = load_case(shared_dir, name)
    outputs = PostactivationReference(read_variables(case))(images_of(case))
    assert_close("logits", outputs["logits"], case.arrays["dense/logits"], 1e-6)
    expected = case.arrays["dense/flops_average"]
    assert (outputs["macs"] == expected).all()


def test_odd_size(shared_dir):
    case = load_case(shared_dir, ODD_CASE)
    network = MaskReference(read_variables(case))
    outputs = network(images_of(case, "odd/images"))
    assert_close("logits", outputs["logits"], case.arrays["odd/logits"], 1e-6)
    assert_masks(case, "odd/", outputs)
    assert outputs["macs"].mean() == case.arrays["odd/flops_average"]


@pytest.mark.parametrize("mode", ["noise", "nonoise"])
@pytest.mark.parametrize("name", CASES)
def test_masks_in_training(shared_dir, name, mode):
    case = load_case(shared_dir, name)
    draws = [case.series(f"train/{u}/{{}}", axis=1) for u in ("U1", "U2")]
    noise = [np.stack(pair, axis=-1) for pair in zip(*draws, strict=True)]
    network = MaskReference(
        read_variables(case), training=True, noise=noise if mode == "noise" else None
    )
    outputs = network(images_of(case))
    prefix = f"train/{mode}/"
    assert_close("logits", outputs["logits"], case.arrays[f"{prefix}logits"], 1e-6)
    assert_after(case, prefix, outputs["after"])
    for index, mask in enumerate(case.series(f"{prefix}mask/{{}}/std", axis=1)):
        np.testing.assert_array_equal(outputs["masks"][index], mask)
    task = cross_entropy(case.arrays["targets"], outputs["logits"])
    for budget, epoch in ((0.5, 20), (0.3, 300)):
        loss = budget_loss(network.costs, network.dense_costs, budget, epoch, 350)
        expected = case.arrays[f"{prefix}t{budget}_e{epoch}_n350/total/loss"]
        actual = task + 10 * loss, task, loss
        np.testing.assert_allclose(actual, expected, rtol=1e-5)


def assert_masks(case, prefix, outputs):
    scores = case.series(f"{prefix}mask/{{}}/soft", axis=1)
    masks = case.series(f"{prefix}mask/{{}}/std", axis=1)
    dilated = case.series(f"{prefix}mask/{{}}/dilate", axis=1)
    for index, mask in enumerate(outputs["masks"]):
        assert_close("soft", outputs["scores"][index], scores[index], 1e-5)
        np.testing.assert_array_equal(mask, masks[index])
        around = dilate(spread(mask, dilated[index].shape[1:]) > 0)
        np.testing.assert_array_equal(around, dilated[index])


def assert_after(case, prefix, after):
    shown = [key for key in case.arrays if key.startswith(f"{prefix}after/")]
    for key in shown:
        value = after[key.removeprefix(f"{prefix}after/")]
        assert_close(key, value, case.arrays[key], 1e-6)
    # The cases of training mode, with noise, show some.
    assert bool(shown) == (prefix in ("loss_trainbn/", "train/noise/"))
