"""What the golden case of BlockDrop holds is read as it was written, and all of it."""

import re

import numpy as np
from policy_fixtures import policy_case  # noqa: F401
from policy_golden import NAME, STEPS, build_network, read_variables
from policy_names import variables_by_name
from torch_golden import to_nhwc

import sact_keras
from sact_keras.checkpoints.pytorch_names import to_our_layout
from sact_keras.data.preprocessing import get_preprocessing

# The names of the arrays that these tests and the others compare or read.
COMPARED = "|".join(
    [
        r"images|images_uint8|override/.*",
        r"policy_logits|probs|value|policy|agent_features|agent_block_mean/\d+",
        r"seed_mean|forward/logits_f64|forward(_full|_single)?/logits",
        r"forward(_full)?/block_(mean|slice|img0)/\d+|forward_single/block_mean",
        r"given/(policy|logits|block_mean1_last)|single/(policy|logits_img0)",
        r"flops/(per_image|agent|single|block|none|mean_std)",
        r"reward/targets|reward/\w+/match|reward(_given0)?/\w+/penalty-\d+",
        # In tests/training, too, with what the report prints.
        r"perf/(policies|matches|rewards|out)",
        r"STEP/(supplied_policy|targets|policy_(logits|used|map))",
        r"STEP/(preds|reward)_(map|sample)|STEP/(advantage|match|loss)",
        r"STEP/(grad_policy_logits|grad/.*|cross_entropy|after/.*)",
        r"STEP/(entropy_loss|rnet_grad_norm_nonzero)",
    ]
).replace("STEP", r"(cl_training|finetune)/(eval|train)bn/(cl|p)\d+")


def test_no_array_is_left_out(case):
    assert [key for key in case.arrays if not re.fullmatch(COMPARED, key)] == []


def test_no_step_is_left_out(case):
    shown = {*case.options["losses"]} - {"performance_stats"}
    assert shown == {*STEPS}


def test_no_case_is_left_out(shared_dir):
    names = [path.name for path in (shared_dir / "golden" / "torch").glob("blockdrop*")]
    assert names in ([], [NAME])


def test_normalization(case):
    """The network's input, from the pixels that the original was given."""
    normalize = get_preprocessing("blockdrop_r32").normalize
    actual = normalize(case.arrays["images_uint8"])
    expected = to_nhwc(case.arrays["images"])
    np.testing.assert_allclose(actual, expected, rtol=1e-6, atol=1e-6)


def test_weights_that_the_case_repeats(case):
    variables = variables_by_name(build_network(read_variables(case)))
    repeated = [key for key in case.arrays if key.startswith("override/")]
    assert repeated
    for key in repeated:
        actual = variables[key.removeprefix("override/")]
        expected = to_our_layout(case.arrays[key])
        np.testing.assert_array_equal(actual, expected, err_msg=key)


def test_the_package_reads_the_same(case):
    """By names that it has for itself."""
    model = sact_keras.build_model("blockdrop", model="5")
    sact_keras.load_checkpoint(model, case.checkpoints[0])
    expected = read_variables(case)
    for name, variable in variables_by_name(model).items():
        array = to_our_layout(expected[name])
        np.testing.assert_array_equal(variable, array, err_msg=name)
