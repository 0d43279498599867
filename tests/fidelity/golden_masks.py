"""What golden cases of DynConv show of masks, beside ours."""

import numpy as np
from torch_golden import assert_close
from torch_networks import NETWORKS

from sact_keras.accounting import dilate, spread

CASES = [name for name in NETWORKS if name.startswith("dynconv")]


def maskers_of(model):
    return [masker for block in model.blocks for masker in block.decision.maskers]


def assert_masks(case, prefix, masks, scores):
    """Compares scores, masks and dilated masks, bit by bit but the scores."""
    compared = zip(
        masks,
        scores,
        case.series(f"{prefix}mask/{{}}/std", axis=1),
        case.series(f"{prefix}mask/{{}}/soft", axis=1),
        strict=True,
    )
    for index, (mask, score, expected_mask, expected_score) in enumerate(compared):
        assert_close(f"{prefix}mask/{index}/soft", score, expected_score, 2e-5)
        np.testing.assert_array_equal(mask, expected_mask)
    assert_dilations(case, f"{prefix}mask/{{}}/dilate", masks)


def assert_dilations(case, name, masks):
    strides = case.options["dilate_strides"]
    for mask, stride, expected in zip(
        masks, strides, case.series(name, axis=1), strict=True
    ):
        # Beyond the features' edge, where a side is odd, as in the original.
        size = [side * stride for side in mask.shape[1:]]
        actual = dilate(spread(mask, stride, size))
        np.testing.assert_array_equal(actual, expected)
