"""One trained network, many budgets: thresholds that inference may move.

Every method ends in comparing something with a threshold: a gate's or a mask unit's
score with 0, a policy's probability with 1/2, the sum of halting scores with 1 - eps.
The compute budget b multiplies the *odds in favour of running* at each of them. With
b = 1 the network decides as it was trained to, with less it runs less, with more it
runs more; 0 leaves nothing but what always runs. Infinity runs all that gates and
policies decide about, and halting then waits until scores add up to 1.

With p = sigmoid(score), the odds p / (1 - p) times b reach 1 where score + log b
reaches 0. The threshold 1 - eps of halting, read as a probability, has the odds
(1 - eps) / eps; times b they are those of b (1 - eps) / (eps + b (1 - eps)). At the
default these odds are 99, so that it is small budgets that change much.

All take the budget as float32 [N], one an image, so that a batch may be of many
budgets, and an image's result does not depend on its companions'.
"""

from typing import Any

from keras import ops

from sact_keras.kernels.types import Tensor


def budget_of_images(
    compute_budget: Any, images: Tensor, training: bool = False
) -> Tensor | None:
    """Brings a budget to the form in which decisions take it.

    Args:
        compute_budget: A number for all images, or [N]; in [0, infinity]. Or None.
        images: [N, ...].
        training: Whether the network is being trained, when there is none.

    Returns:
        float32 [N], or None.

    Raises:
        ValueError: If it has another shape, is known to be negative or no number, or
            the network is being trained.

    Example:
        >>> budget_of_images(0.5, ops.zeros((2, 4, 4, 3))).shape
        TensorShape([2])
    """
    if compute_budget is None:
        return None
    if training:
        raise ValueError(
            "compute_budget must be None in training, which learns the decisions at "
            f"their own thresholds. Received: compute_budget={compute_budget}"
        )
    check_budget(compute_budget)
    budget = ops.convert_to_tensor(compute_budget, "float32")
    number, known = ops.shape(images)[0], images.shape[0]
    rank = len(budget.shape)
    fits = rank == 0 or budget.shape[0] in (None, known) or known is None
    if rank > 1 or not fits:
        raise ValueError(
            "compute_budget must be a number, or one for each image, [N] = "
            f"[{known}]. Received: compute_budget of shape {tuple(budget.shape)}"
        )
    return ops.broadcast_to(budget, (number,)) if rank == 0 else budget


def check_budget(compute_budget: Any) -> None:
    """Checks a budget that is a Python number; of others nobody knows the values.

    Raises:
        ValueError: If it is negative or not a number.
    """
    if isinstance(compute_budget, int | float) and not compute_budget >= 0:
        raise ValueError(
            "compute_budget must be at least 0: the odds of running are multiplied by "
            f"it. Received: compute_budget={compute_budget}"
        )


def score_threshold(budget: Tensor) -> Tensor:
    """What a score, log p / (1 - p), has to reach: 0 as trained.

    Example:
        >>> ops.convert_to_numpy(score_threshold(ops.array([0.0, 1.0, 1e9]))).round()
        array([ inf,  -0., -21.], dtype=float32)
    """
    return -ops.log(budget)


def probability_threshold(budget: Tensor) -> Tensor:
    """What a probability has to reach: 1/2 as trained.

    Example:
        >>> budget = ops.array([0.0, 1.0, 3.0])
        >>> ops.convert_to_numpy(probability_threshold(budget))
        array([ inf, 0.5 , 0.25], dtype=float32)
    """
    # A probability may be rounded to 1, which without odds must not do.
    return ops.where(budget > 0, 1.0 / (1.0 + budget), float("inf"))


def halting_threshold(eps: float, budget: Tensor) -> Tensor:
    """What halting scores have to sum to: 1 - eps as trained.

    Args:
        eps: In (0, 1).
        budget: [N].

    Returns:
        float32 [N], in [0, 1].

    Example:
        >>> budget = ops.array([0.0, 1 / 99, 1.0, float("inf")])
        >>> ops.convert_to_numpy(halting_threshold(0.01, budget)).round(3)
        array([0.  , 0.5 , 0.99, 1.  ], dtype=float32)
    """
    moved = 1.0 / (1.0 + eps / (budget * (1.0 - eps)))
    # To the last digit: what is as trained must decide as trained.
    return ops.where(budget == 1.0, 1.0 - eps, moved)
