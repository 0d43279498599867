"""BlockDrop as a method: its policy network, and how it learns from rewards."""

import math
from collections.abc import Mapping
from typing import Any

from keras import ops

from sact_keras.accounting import count_units
from sact_keras.kernels import fork, num_replicas
from sact_keras.kernels.types import Tensor
from sact_keras.losses import (
    bound_probabilities,
    policy_entropy,
    policy_gradient_loss,
    policy_reward,
)
from sact_keras.models.method import check_number
from sact_keras.models.policy_network import PolicyNetwork
from sact_keras.models.presets import PENALTIES, STAGES

MEASURED = ("reward", "block_usage", "block_usage_std", "unique_policies")
"""What the original logs of a training."""


def validate_policy(arguments: Mapping[str, Any], num_units: int) -> None:
    """Checks the arguments of BlockDrop.

    Raises:
        ValueError: If one is out of range.
    """
    del num_units
    if arguments["stage"] not in STAGES:
        raise ValueError(
            f"stage must be one of {', '.join(STAGES)}. "
            f"Received: stage={arguments['stage']!r}"
        )
    penalty = arguments["penalty"]
    if penalty is not None:
        check_number("penalty", penalty)
    if penalty is not None and not -math.inf < penalty <= 0:
        raise ValueError(
            "penalty, the reward of a wrong prediction, must be finite and at most 0. "
            f"Received: penalty={penalty}"
        )
    if not 0.5 < arguments["alpha"] <= 1:
        raise ValueError(
            f"alpha must be in (0.5, 1]. Received: alpha={arguments['alpha']}"
        )
    if not 0 <= arguments["beta"] < math.inf:
        raise ValueError(
            f"beta must be finite and at least 0. Received: beta={arguments['beta']}"
        )


def make_policy(
    arguments: Mapping[str, Any], family: str, num_units: int, base_channels: int
) -> PolicyNetwork | None:
    """The policy network of a stage; None in the first, where every unit runs."""
    if arguments["stage"] == "pretrain":
        return None
    return PolicyNetwork(
        family,
        num_units,
        base_channels=base_channels,
        alpha=arguments["alpha"],
        name="policy",
    )


def penalty_of(arguments: Mapping[str, Any]) -> float | None:
    """The reward of a wrong prediction: as given, or that of the stage."""
    penalty = arguments["penalty"]
    return PENALTIES[arguments["stage"]] if penalty is None else penalty


def right_predictions(logits: Tensor, labels: Tensor) -> Tensor:
    """Whether the likeliest class is the right one, float32 [N].

    Args:
        logits: [N, classes].
        labels: Integers, [N] or [N, 1].
    """
    predicted = ops.argmax(logits, axis=-1)
    labels = ops.reshape(ops.cast(labels, predicted.dtype), (-1,))
    return ops.cast(ops.equal(predicted, labels), "float32")


def reinforce(
    model: Any, outputs: Mapping[str, Any], labels: Tensor, supervised: Tensor
) -> Tensor:
    """The loss of a training step under a policy (Wu et al. 2018, section 3.3).

    The curriculum's is a mean over the images, with the entropy as a bonus; the network
    beneath is frozen, and its cross entropy no part of it. Finetuning adds the cross
    entropy under the policy that was drawn to the *sum* of the policies' losses over
    the images, as the original does: with the batch grows what the policy has to say.
    `sample_weight` of `fit` reaches the cross entropy alone.

    Args:
        model: The network.
        outputs: Its outputs, in training.
        labels: Integers, [N] or [N, 1].
        supervised: The compiled loss.

    Returns:
        Scalar: under `tf.distribute` this replica's part of the loss.
    """
    arguments = model.arguments
    policies = ops.stack(outputs["masks"], axis=1)
    rewards, baseline_rewards = (
        policy_reward(policy, right_predictions(logits, labels), penalty_of(arguments))
        for policy, logits in (
            (policies, outputs["logits"]),
            (outputs["baseline_policy"], outputs["baseline_logits"]),
        )
    )
    q = bound_probabilities(outputs["policy_probability"], arguments["alpha"])
    has_bonus = arguments["stage"] == "curriculum"
    if has_bonus:
        q, of_entropy = fork(q)
    losses = policy_gradient_loss(
        q, policies, rewards - baseline_rewards, model.policy.free()
    )
    if has_bonus:
        losses = losses - arguments["beta"] * policy_entropy(of_entropy)
        return ops.mean(losses) / num_replicas()
    return supervised + ops.sum(losses)


def measure_policies(
    model: Any, outputs: Mapping[str, Any], labels: Tensor
) -> dict[str, Tensor]:
    """Measures a batch; see `MEASURED`.

    Returns:
        reward: its mean.
        block_usage, block_usage_std: blocks that an image runs, their mean and standard
            deviation (that of a sample).
        unique_policies: how many policies there are.
    """
    policies = ops.stack(outputs["masks"], axis=1)
    matches = right_predictions(outputs["logits"], labels)
    used = ops.cast(count_units(outputs["masks"]), "float32")
    mean = ops.mean(used)
    count = ops.cast(ops.shape(used)[0], "float32")
    variance = ops.sum(ops.square(used - mean)) / ops.maximum(count - 1.0, 1.0)
    return {
        "reward": ops.mean(
            policy_reward(policies, matches, penalty_of(model.arguments))
        ),
        "block_usage": mean,
        "block_usage_std": ops.sqrt(variance),
        "unique_policies": _count_unique(policies),
    }


def _count_unique(policies: Tensor) -> Tensor:
    """How many rows differ from all rows ahead of them, float32 scalar."""
    signs = 2.0 * policies - 1.0
    equal = ops.matmul(signs, ops.transpose(signs)) > policies.shape[1] - 0.5
    # The first of equal rows is its own first equal.
    first = ops.argmax(ops.cast(equal, "int32"), axis=1)
    positions = ops.cast(ops.arange(ops.shape(policies)[0]), first.dtype)
    return ops.sum(ops.cast(ops.equal(first, positions), "float32"))
