"""What the golden cases of PyTorch hold is read as it was written, and all of it."""

import re

import numpy as np
import pytest
from torch_golden import assert_close, load_case, to_nhwc, variables_under
from torch_networks import NETWORKS

from sact_keras.data.photograph_preprocessing import get_photograph_preprocessing
from sact_keras.data.preprocessing import get_preprocessing

# Method -> the names of the arrays that these tests and the others compare or read.
COMPARED = {
    "aig": [
        r"images|images_uint8|targets|override/.*",
        r"(loss_trainbn/)?noise_(u|gumbel)",
        r"(zero|noise)/(logits|logits_f64|gates|gate_logits|gate_soft)",
        r"(zero|noise)/block(_mean|_slice|_img0)?/\d+",
        r"loss_(eval|train)bn/train(_img)?/\w+/(values|grad_gate_logits(_f64)?)",
        r"loss_(eval|train)bn/train(_img)?/\w+/grad/.*",
        r"loss_trainbn/(gates|logits|gate_logits|after/.*)",
    ],
    "dynconv": [
        r"images|images_uint8|targets|override/.*",
        r"logits|logits_f64|dense/logits|(odd|train/(no)?noise)/logits|odd/images",
        r"block(_mean|_slice|_img0)?/\d+",
        r"((odd|train/(no)?noise)/)?mask/\d+/(soft|std|dilate)",
        r"(odd/)?mask_table|flops/(average|per_image)|(dense|odd)/flops_average",
        r"sparsity/(values|layer_perc)|ponder_cost_map_img0(_second_call)?",
        r"(unit|train)/U[12]/\d+",
        r"unit/(no)?noise_t[\d.]+/(hard|dilate)/\d+",
        r"unit/(no)?noise_t[\d.]+/t[\d.]+_e\d+_n\d+/(loss|grad/\d+)",
        r"train/(no)?noise/t[\d.]+_e\d+_n\d+/(total|sparsity)/(loss|grad_soft/\d+)",
        r"train/(no)?noise/t[\d.]+_e\d+_n\d+/total/grad/.*|train/noise/after/.*",
    ],
}

OF_BOTH_KINDS = ["aig_cifar_222", "dynconv_cifar_resnet8"]


@pytest.fixture(params=NETWORKS)
def case(request, shared_dir):
    return load_case(shared_dir, request.param)


def test_no_array_is_left_out(case):
    known = "|".join(COMPARED[case.name.split("_")[0]])
    assert [key for key in case.arrays if not re.fullmatch(known, key)] == []


def test_no_case_is_left_out(shared_dir):
    directory = shared_dir / "golden" / "torch"
    if not directory.is_dir():
        pytest.skip(f"the originals' cases are not at hand: no {directory}")
    found = [path.name for path in directory.iterdir()]
    assert {name for name in found if name.startswith(("aig", "dynconv"))} == {
        *NETWORKS
    }


def test_normalization(case):
    """The network's input, from the pixels that the original was given."""
    method, dataset, *_ = case.name.split("_")
    get = get_photograph_preprocessing if dataset == "imagenet" else get_preprocessing
    actual = get(method).normalize(case.arrays["images_uint8"])
    np.testing.assert_allclose(
        actual, to_nhwc(case.arrays["images"]), rtol=1e-6, atol=1e-6
    )


def test_weights_that_the_case_repeats(case):
    overridden = variables_under(case.model(), case, "override/")
    assert overridden
    for key, (variable, expected) in overridden.items():
        np.testing.assert_array_equal(variable, expected, err_msg=key)


@pytest.mark.parametrize("name", OF_BOTH_KINDS)
def test_checkpoints_of_old(shared_dir, name):
    """The container of before PyTorch 1.6, with tensors that were on a GPU."""
    case = load_case(shared_dir, name)
    today, legacy = case.checkpoints
    assert today.read_bytes()[:2] == b"PK" != legacy.read_bytes()[:2]
    outputs = case.model(checkpoint=legacy)(to_nhwc(case.arrays["images"]))
    mode = "zero/" if name.startswith("aig") else ""
    expected = case.arrays[f"{mode}logits"]
    assert_close("logits", outputs["logits"], expected, 1e-5)
