"""Gradients of an oracle, which knows nothing of them."""

import numpy as np

STEP = 1e-6
"""Of central differences: half of float64's digits remain."""


def differences(function, values):
    """The gradient of a function of a vector, by central differences."""
    gradient = []
    for step in STEP * np.eye(len(values)):
        gradient.append((function(values + step) - function(values - step)) / 2 / STEP)
    return np.array(gradient)
