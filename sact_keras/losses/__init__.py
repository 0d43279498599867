"""Losses of the methods, functions of a model's outputs."""

from sact_keras.losses.ponder_cost import ponder_cost_loss

__all__ = ["ponder_cost_loss"]
