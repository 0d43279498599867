"""Layers of PyTorch in NumPy, over variables of its names and in its layout."""

import numpy as np
from reference import convolve, pad, taps

EPSILON = 1e-5
"""What batch norms add to the variance."""

MOMENTUM = 0.1
"""The weight of a batch's statistics in the moving ones."""


class TorchLayers:
    """Layers by name, in float64; inputs are [N, h, w, channels] or [N, channels].

    Attributes:
        variables: Name -> array, in PyTorch's layout.
        training: Whether batch norms take the batch's own statistics.
        after: The moving statistics after this batch: name -> array.
    """

    def __init__(self, variables, training=False):
        self.variables = {k: v.astype("float64") for k, v in variables.items()}
        self.training = training
        self.after = {}

    def has(self, name):
        return f"{name}.weight" in self.variables

    def weights(self, name):
        """How many a layer has: its multiply-accumulates at one position."""
        return self.variables[f"{name}.weight"].size

    def convolve(self, name, inputs, stride=1):
        """A convolution with as many zeros on each side as its kernel reaches out."""
        kernel = self.variables[f"{name}.weight"].transpose(2, 3, 1, 0)
        outputs = convolve(inputs, kernel, stride, [(kernel.shape[0] // 2,) * 2] * 2)
        return outputs + self.variables.get(f"{name}.bias", 0.0)

    def linear(self, name, inputs):
        """A linear map, which may be stored as a 1x1 convolution."""
        kernel = self.variables[f"{name}.weight"]
        return (
            inputs @ kernel.reshape(len(kernel), -1).T + self.variables[f"{name}.bias"]
        )

    def norm(self, name, inputs):
        """A batch norm; the moving variance is of n / (n - 1) the batch's variance."""
        mean = self.variables[f"{name}.running_mean"]
        variance = self.variables[f"{name}.running_var"]
        if self.training:
            rows = inputs.reshape(-1, inputs.shape[-1])
            now = rows.mean(axis=0), rows.var(axis=0)
            unbiased = now[1] * len(rows) / (len(rows) - 1)
            self.after[f"{name}.running_mean"] = moved(mean, now[0])
            self.after[f"{name}.running_var"] = moved(variance, unbiased)
            mean, variance = now
        normal = (inputs - mean) / np.sqrt(variance + EPSILON)
        return (
            normal * self.variables[f"{name}.weight"] + self.variables[f"{name}.bias"]
        )


def moved(average, value):
    return (1 - MOMENTUM) * average + MOMENTUM * value


def max_pool(inputs):
    """3x3 with a stride of 2, and one position around."""
    padded = pad(inputs, 3, 2, -np.inf, [(1, 1)] * 2)
    return np.max(list(taps(padded, 3, 2)), axis=0)


def relu(inputs):
    return np.maximum(inputs, 0.0)
