"""Gradients of functions of vectors: ours, and an oracle's, which knows none."""

import keras
import numpy as np
import pytest

STEP = 1e-6
"""Of central differences: half of float64's digits remain."""


def differences(function, values):
    """The gradient by central differences."""
    gradient = []
    for step in STEP * np.eye(len(values)):
        gradient.append((function(values + step) - function(values - step)) / 2 / STEP)
    return np.array(gradient)


def gradient_of(function, values):
    """The gradient by TensorFlow."""
    if keras.backend.backend() != "tensorflow":
        pytest.skip("gradients are taken with TensorFlow's tape")
    import tensorflow as tf

    with tf.GradientTape() as tape:
        variable = tf.Variable(values)
        loss = function(variable)
    return np.array(tape.gradient(loss, variable))
