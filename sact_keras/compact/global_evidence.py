"""What a halting branch makes of the whole image, of folded weights."""

import numpy as np

from sact_keras.compact.folding import array, fold_norm, scale_and_shift, single
from sact_keras.compact.pooled_linear import PooledLinear
from sact_keras.layers.halting_branch import HaltingBranch


def fold_global_evidence(
    branch: HaltingBranch, carried: np.ndarray | float = 0.0
) -> PooledLinear:
    """The evidence from an image's means, [N, channels] -> [N].

    Args:
        branch: Built.
        carried: What the features carry; see `carry_shifts`.
    """
    slope = branch.style.negative_slope if branch.activated else None
    kernel, bias = _linear_map(branch)
    norm = fold_norm(branch.global_bn, slope, carried)
    return PooledLinear(single(kernel), bias, before=norm)


def linear_global_evidence(
    branch: HaltingBranch, carried: np.ndarray | float = 0.0
) -> tuple[np.ndarray, float]:
    """The same where nothing is activated: a linear map, [channels], and a bias."""
    scale, shift = scale_and_shift(branch.global_bn, carried)
    kernel, bias = _linear_map(branch)
    return kernel * scale, kernel @ shift + bias


def _linear_map(branch: HaltingBranch) -> tuple[np.ndarray, float]:
    """Behind the norm: [channels], and a bias."""
    bias = 0.0 if branch.global_conv.bias is None else array(branch.global_conv.bias)[0]
    return array(branch.global_conv.kernel)[:, 0], bias
