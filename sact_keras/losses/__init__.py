"""Losses: of the methods, functions of a model's outputs; and of the classifier."""

from sact_keras.losses.budget import (
    budget_bounds,
    budget_loss,
    budget_statistics,
    unit_cost,
)
from sact_keras.losses.policy_gradient import (
    bound_probabilities,
    policy_entropy,
    policy_gradient_loss,
    policy_reward,
)
from sact_keras.losses.ponder_cost import ponder_cost_loss, ponder_cost_statistics
from sact_keras.losses.sparse_categorical_crossentropy import (
    SparseCategoricalCrossentropy,
)
from sact_keras.losses.target_rate import target_rate_loss

__all__ = [
    "SparseCategoricalCrossentropy",
    "bound_probabilities",
    "budget_bounds",
    "budget_loss",
    "budget_statistics",
    "policy_entropy",
    "policy_gradient_loss",
    "policy_reward",
    "ponder_cost_loss",
    "ponder_cost_statistics",
    "target_rate_loss",
    "unit_cost",
]
