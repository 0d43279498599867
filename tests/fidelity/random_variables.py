"""Variables for the oracle and for the networks that it is compared with."""

import numpy as np


class RandomVariables:
    """Draws variables by name, such that halting varies between images and positions.

    Attributes:
        variables: What was drawn: TF-Slim's name -> array.
    """

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.variables = {}

    def convolution(
        self, scope, size, channels, filters, bias=True, gain=1.0, offset=0.0
    ):
        stddev = gain * np.sqrt(1.3 / (size * size * channels))
        shape = (size, size, channels, filters)
        self._add(f"{scope}/weights", self.rng.normal(0.0, stddev, shape))
        if bias:
            self._add(f"{scope}/biases", self.rng.normal(offset, 0.1, filters))

    def norm(self, scope, channels):
        self._add(f"{scope}/beta", self.rng.normal(0.0, 0.3, channels))
        self._add(f"{scope}/gamma", self.rng.uniform(0.6, 1.4, channels))
        self._add(f"{scope}/moving_mean", self.rng.normal(0.0, 0.3, channels))
        self._add(f"{scope}/moving_variance", self.rng.uniform(0.5, 2.0, channels))

    def halting(self, scope, model_type, channels, offset=-1.0):
        if model_type == "sact":
            self.norm(f"{scope}/local_bn", channels)
            self.convolution(
                f"{scope}/local_conv", 3, channels, 1, gain=1.5, offset=offset
            )
        self.norm(f"{scope}/global_bn", channels)
        act = model_type == "act"
        gain = 6.0 if act else 2.0
        self.convolution(f"{scope}/global_conv", 1, channels, 1, act, gain, offset)

    def _add(self, name, value):
        self.variables[name] = value.astype("float32")
