"""Losses: of the methods, functions of a model's outputs; and of the classifier."""

from sact_keras.losses.ponder_cost import ponder_cost_loss
from sact_keras.losses.sparse_categorical_crossentropy import (
    SparseCategoricalCrossentropy,
)

__all__ = ["SparseCategoricalCrossentropy", "ponder_cost_loss"]
