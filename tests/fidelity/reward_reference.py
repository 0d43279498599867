"""The rewards of BlockDrop, its two stages' losses and its report, in NumPy."""

import numpy as np
from loss_reference import cross_entropy


def reward(policy, right, penalty):
    """Of each image: policies are [N, units], `right` says whose prediction is."""
    return np.where(right, 1 - np.mean(policy, axis=1) ** 2, penalty)


def bounded(probability, alpha):
    return alpha * probability + (1 - alpha) * (1 - probability)


def surprise(chosen, policy):
    """-log q of what a policy does about each unit, [N, units]."""
    return -np.log(np.where(policy, chosen, 1 - chosen))


def curriculum_loss(probability, policy, advantage, free_units, alpha, beta):
    """The policy network's alone, a mean over the images.

    Args:
        probability: Of each unit to run, [N, units], before it is bounded.
        policy: The sampled one, [N, units].
        advantage: Of its reward over the baseline's, [N].
        free_units: How many of the last units are decided about.
        alpha: How far probabilities are believed.
        beta: The weight of the entropy, or of half of it: that of running, summed over
            all units.
    """
    chosen = bounded(probability, alpha)
    free = np.arange(probability.shape[1]) >= probability.shape[1] - free_units
    gains = advantage[:, None] * free * surprise(chosen, policy)
    return np.sum(gains + beta * chosen * np.log(chosen)) / len(policy)


def finetuning_loss(probability, policy, advantage, labels, logits, alpha):
    """Of both networks: a sum over the images, and the mean cross entropy.

    Logits are those of the sampled policy; the rest is as above.
    """
    gains = advantage[:, None] * surprise(bounded(probability, alpha), policy)
    return np.sum(gains) + cross_entropy(labels, logits)


def report(policies, right, flops):
    """What a test prints: policies [N, units], `right` and FLOPs [N].

    Deviations are of n - 1 images in units, and of n in FLOPs.
    """
    used = np.sum(policies, axis=1)
    return {
        "accuracy": np.mean(right),
        "block_usage": (used.mean(), used.std(ddof=1)),
        "flops": (np.mean(flops), np.std(flops)),
        "unique_policies": len(np.unique(policies, axis=0)),
    }
