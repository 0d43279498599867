"""The oracle of DynConv: a mask unit before each unit decides for a position."""

import numpy as np
from postactivation_reference import PostactivationReference
from reference import count, dilate

NOISE_EPSILON = 1e-8


class MaskReference(PostactivationReference):
    """Units run at the positions whose score is not negative.

    Noise of a unit is uniform, [N, h, w, 2]. The last call's costs of each unit are
    `costs`, and `dense_costs` if every position ran, [N] each.
    """

    def __call__(self, images):
        self.costs, self.dense_costs = [], []
        return super().__call__(images)

    def _score(self, scope, features, stride, index):
        name = f"{scope}.masker.maskconv"
        local = self.convolve(f"{name}.conv", features, stride)[..., 0]
        score = local + self.linear(f"{name}.fc", features.mean(axis=(1, 2)))[..., None]
        if self.noise is not None:
            noise = gumbel(self.noise[index].astype("float64"))
            score = score + noise[..., 0] - noise[..., 1]
        return score

    def _mask(self, score):
        return (score >= 0).astype("float64")

    def _macs(self, scope, mask, input_size, output_size):
        # The original's finer grid goes on where a side is odd: it is a multiple of the
        # mask's.
        finer = tuple(
            side * -(-fine // side)
            for side, fine in zip(output_size, input_size, strict=True)
        )
        cost, dense_cost = (
            self._masked_macs(scope, each, finer, output_size)
            for each in (mask, np.ones_like(mask))
        )
        self.costs.append(cost)
        self.dense_costs.append(dense_cost)
        macs, _ = super()._macs(scope, mask, input_size, output_size)
        beyond = cost - self._masked_macs(scope, mask, input_size, output_size)
        convolution = self.weights(f"{scope}.masker.maskconv.conv")
        positions = np.prod(output_size)
        linear = self.weights(f"{scope}.masker.maskconv.fc")
        return (
            macs + convolution * positions + linear,
            # With the bias of the convolution, and without the linear map.
            macs + beyond + (convolution + 1) * positions,
        )

    def _kept(self, mask, size):
        return count(mask).astype("int64")

    def _around(self, mask, size):
        return count(dilate(spread(mask, size) > 0)).astype("int64")


def spread(mask, size):
    """A mask on a grid of `size`, which may be finer; zeros are in between."""
    rows, columns = (
        -(-fine // side) for fine, side in zip(size, mask.shape[1:], strict=True)
    )
    fine = np.zeros((len(mask), *size))
    fine[:, ::rows, ::columns] = mask
    return fine


def gumbel(uniform):
    return -np.log(-np.log(uniform + NOISE_EPSILON) + NOISE_EPSILON)
