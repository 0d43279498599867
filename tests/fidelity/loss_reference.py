"""The losses of ConvNet-AIG and DynConv in NumPy, of a whole batch."""

import numpy as np


def target_rate_loss(masks, targets, weight, passed_over=()):
    """Of gates [units, N]; those at the places `passed_over` count in the divisor."""
    rates = np.mean(masks, axis=1)
    distances = [
        (target - rate) ** 2
        for place, (target, rate) in enumerate(zip(targets, rates, strict=True))
        if place not in passed_over
    ]
    return weight * sum(distances) / len(targets)


def budget_bounds(budget, epoch, epochs):
    """(lower, upper) bound of a unit's share of its dense cost."""
    share = min(epoch / (0.33 * epochs), 1)
    progress = np.cos(share * np.pi / 2) ** 2
    return progress * budget, 1 - progress * (1 - budget)


def budget_loss(costs, dense_costs, budget, epoch, epochs):
    """Of units' costs, [units] sums over the batch or [units, N] of its images."""
    costs, dense_costs = (
        np.reshape(each, (len(each), -1)).sum(axis=1) for each in (costs, dense_costs)
    )
    lower, upper = budget_bounds(budget, epoch, epochs)
    shares = costs / dense_costs
    above, below = np.maximum(0, shares - upper), np.maximum(0, lower - shares)
    network = (costs.sum() / dense_costs.sum() - budget) ** 2
    return network + np.mean(above**2 + below**2)


def cross_entropy(labels, logits):
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_shares = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return -log_shares[np.arange(len(labels)), labels].mean()
