"""Decisions by the Gumbel-softmax trick, with straight-through gradients.

Jang et al. 2017 (arXiv 1611.01144) and Maddison et al. 2017 (arXiv 1611.00712): the
larger of two logits, each with Gumbel noise g = -log(-log U) added, is a sample of the
softmax of the logits. Of two logits only the difference matters, so a decision has one
*score*, logit of running minus logit of skipping, noise included. Forwards it is
whether the score is above zero; backwards sigmoid(score / temperature) takes its place.

All of it is in float32 under any policy, and finite whatever the logits: they are
bounded, so that the score is never inf - inf; the noise is bounded by its epsilon,
which float16 would round to zero; the score is never exponentiated, its sigmoid's
gradient is zero where the sigmoid is saturated, and the difference of two
straight-through terms that cancel is taken between finite numbers.
"""

from keras import ops

from sact_keras.kernels.types import Tensor

LARGEST_LOGIT = 1e30


def bounded(logits: Tensor) -> Tensor:
    """Logits within bounds that let sums and differences of them be finite.

    Args:
        logits: float32, of any shape; infinities may be among them.

    Example:
        >>> [float(x) for x in bounded(ops.array([0.5, float("-inf")]))]
        [0.5, -1.0000000150474662e+30]
    """
    return ops.clip(logits, -LARGEST_LOGIT, LARGEST_LOGIT)


def gumbel_noise(uniform: Tensor, epsilon: float) -> Tensor:
    """Gumbel noise -log(e - log(U + e)).

    Args:
        uniform: U, uniform draws in [0, 1], of any shape.
        epsilon: e, what keeps both logarithms finite; the noise lies between
            -log(-log e) and -log e.

    Returns:
        float32, in the shape of `uniform`.

    Example:
        >>> [round(float(g), 3) for g in gumbel_noise([0.0, 0.5, 1.0], 1e-10)]
        [-3.137, 0.367, 23.026]
    """
    uniform = ops.cast(uniform, "float32")
    return -ops.log(epsilon - ops.log(uniform + epsilon))


def straight_through(
    score: Tensor, temperature: Tensor | float = 1.0, at_zero: float = 0.0
) -> Tensor:
    """One where the score is above zero, with the gradient of its sigmoid.

    Args:
        score: float32, of any shape; not a NaN.
        temperature: Divides the score in the sigmoid, above 0.
        at_zero: What a score of exactly zero gives, 0 or 1.

    Returns:
        Exact zeros and ones, float32, in the shape of `score`.

    Example:
        >>> [float(m) for m in straight_through(ops.array([-0.2, 0.1, 3e38]))]
        [0.0, 1.0, 1.0]
    """
    soft = ops.sigmoid(score / temperature)
    hard = ops.cast(score >= 0 if at_zero else score > 0, "float32")
    # The bracket is exactly zero, so nothing is rounded.
    return hard + (soft - ops.stop_gradient(soft))
