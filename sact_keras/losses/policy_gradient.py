"""The rewards and losses by which BlockDrop's policies learn.

Wu et al. 2018 (arXiv 1711.08393), section 3.2. A policy u, zeros and ones, says for an
image which of K blocks run. It is drawn block by block with probabilities q, and
rewarded for what it leaves out if the prediction is right:

    R(u) = 1 - (sum(u) / K)^2 where it is right, else a penalty     (equation 2)

The gradient of the expected reward is that of A log q(u), where the advantage A is the
reward of u less that of the likeliest policy, the self-critical baseline (equations 3
to 6). So that no block is settled too early, q = alpha p + (1 - alpha) (1 - p) keeps
the network's probabilities p off 0 and 1 (equation 7).

Policies and probabilities are float32 [N, K], everything else is [N] or [K].
"""

from keras import ops

from sact_keras.kernels import fork
from sact_keras.kernels.types import Tensor

# Less than any probability that is bounded by an alpha below 1. At alpha = 1 it keeps
# logarithms finite.
_TINY = 1e-7


def bound_probabilities(probabilities: Tensor, alpha: float) -> Tensor:
    """Keeps probabilities within [1 - alpha, alpha] (equation 7).

    Args:
        probabilities: In [0, 1].
        alpha: In (0.5, 1].

    Returns:
        alpha p + (1 - alpha) (1 - p), in the shape of `probabilities`.

    Example:
        >>> bounded = bound_probabilities(ops.array([0.0, 0.5, 1.0]), alpha=0.75)
        >>> ops.convert_to_numpy(bounded).tolist()
        [0.25, 0.5, 0.75]
    """
    return (1.0 - alpha) + (2.0 * alpha - 1.0) * probabilities


def policy_reward(policies: Tensor, matches: Tensor, penalty: float) -> Tensor:
    """The reward of each image's policy (equation 2).

    Args:
        policies: [N, K] of zeros and ones.
        matches: Whether the prediction under the policy is right, [N].
        penalty: The reward of a wrong one, at most 0.

    Returns:
        float32 [N].

    Example:
        >>> policies = ops.array([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
        >>> rewards = policy_reward(policies, ops.array([1, 1, 0]), penalty=-5.0)
        >>> ops.convert_to_numpy(rewards).tolist()
        [0.75, 0.0, -5.0]
    """
    share = ops.mean(ops.cast(policies, "float32"), axis=-1)
    penalty = ops.full_like(share, penalty)
    return ops.where(ops.cast(matches, "bool"), 1.0 - ops.square(share), penalty)


def policy_gradient_loss(
    probabilities: Tensor,
    policies: Tensor,
    advantages: Tensor,
    free: Tensor | None = None,
) -> Tensor:
    """What is to be minimised so that policies of high advantage grow likelier.

    Args:
        probabilities: q of each block to run, in [0, 1]: [N, K].
        policies: Drawn with them, [N, K] of zeros and ones.
        advantages: [N], taken as constants.
        free: [K], one for each block that the policy is free to choose, zero for one
            that runs in any case and from which nothing is learnt. None for all.

    Returns:
        For each image the sum over free blocks of -A log q(u), [N].

    Example:
        >>> q, u = ops.array([[0.75, 0.5]]), ops.array([[1.0, 0.0]])
        >>> loss = policy_gradient_loss(q, u, ops.array([2.0]))
        >>> round(float(loss[0]), 4)  # -2 log 0.75 - 2 log 0.5
        1.9617
    """
    # q where the block runs, else 1 - q.
    likelihood = (1.0 - policies) + (2.0 * policies - 1.0) * probabilities
    surprise = -ops.log(ops.maximum(likelihood, _TINY))
    if free is not None:
        surprise = surprise * free
    return ops.stop_gradient(advantages) * ops.sum(surprise, axis=-1)


def policy_entropy(probabilities: Tensor) -> Tensor:
    """The entropy of policies, as far as the original counts it.

    That is -q log q of each block alone, without the -(1 - q) log(1 - q) of a Bernoulli
    variable's entropy: it rewards blocks near q = 1/e rather than near a half.

    Args:
        probabilities: q of each block to run, in [0, 1]: [N, K].

    Returns:
        [N].

    Example:
        >>> round(float(policy_entropy(ops.array([[0.5, 1.0]]))[0]), 4)
        0.3466
    """
    factor, argument = fork(probabilities)
    return -ops.sum(factor * ops.log(ops.maximum(argument, _TINY)), axis=-1)
