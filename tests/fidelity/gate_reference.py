"""The oracle of ConvNet-AIG: a gate before each unit decides for an image."""

import numpy as np
from postactivation_reference import PostactivationReference
from torch_layers import relu

NOISE_EPSILON = 1e-10


class GateReference(PostactivationReference):
    """Units that have gates run for the images whose second logit is the larger.

    Noise of a unit is uniform, [N, 2]. The last call's logits without noise are
    `gate_logits`, [N, 2] for each gate.
    """

    def __call__(self, images):
        self.gate_logits = []
        return super().__call__(images)

    def _score(self, scope, features, stride, index):
        del stride
        if not self.has(f"{scope}.fc1"):
            return None
        hidden = self.linear(f"{scope}.fc1", features.mean(axis=(1, 2)))
        hidden = relu(self.norm(f"{scope}.fc1bn", hidden))
        logits = self.linear(f"{scope}.fc2", hidden)
        self.gate_logits.append(logits)
        if self.noise is not None:
            logits = logits + gumbel(self.noise[index].astype("float64"))
        return logits[:, 1] - logits[:, 0]

    def _mask(self, score):
        return (score > 0).astype("float64")

    def _macs(self, scope, mask, input_size, output_size):
        macs, reported = super()._macs(scope, mask, input_size, output_size)
        if self.has(f"{scope}.fc1"):
            macs = macs + sum(self.weights(f"{scope}.fc{n}") for n in (1, 2))
        return macs, reported


def gumbel(uniform):
    return -np.log(NOISE_EPSILON - np.log(uniform + NOISE_EPSILON))
