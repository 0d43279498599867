"""Losses: of the methods, functions of a model's outputs; and of the classifier."""

from sact_keras.losses.budget import (
    budget_bounds,
    budget_loss,
    budget_statistics,
    unit_cost,
)
from sact_keras.losses.ponder_cost import ponder_cost_loss, ponder_cost_statistics
from sact_keras.losses.sparse_categorical_crossentropy import (
    SparseCategoricalCrossentropy,
)
from sact_keras.losses.target_rate import target_rate_loss

__all__ = [
    "SparseCategoricalCrossentropy",
    "budget_bounds",
    "budget_loss",
    "budget_statistics",
    "ponder_cost_loss",
    "ponder_cost_statistics",
    "target_rate_loss",
    "unit_cost",
]
