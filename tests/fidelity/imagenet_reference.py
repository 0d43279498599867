"""The ImageNet family of the oracle."""

import numpy as np
from random_variables import RandomVariables
from reference import ReferenceNetwork, count, dilate, pad, taps

ROOT = "resnet_v2"

# Whatever the width of the blocks.
STEM_CHANNELS = 64


def random_variables(model_type, num_units, base_channels, num_classes, seed, images):
    """Variables by name, drawn so that halting varies between images and positions.

    Networks of this family are too deep for moving averages drawn at random: states
    would grow from unit to unit, and all scores be 0 or 1. They are near those of
    `images` instead; not equal, so that they are not mistaken for a batch's own.
    """
    draw = RandomVariables(seed)
    draw.convolution(f"{ROOT}/conv1", 7, 3, STEM_CHANNELS)
    channels = STEM_CHANNELS
    for block, units in enumerate(num_units):
        inner = base_channels * 2**block
        depth = 4 * inner
        for unit in range(units):
            scope = f"{ROOT}/block{block + 1}/unit_{unit + 1}"
            bottleneck = f"{scope}/bottleneck_v2"
            draw.norm(f"{bottleneck}/preact", channels)
            if channels != depth:
                draw.convolution(f"{bottleneck}/shortcut", 1, channels, depth)
            draw.convolution(f"{bottleneck}/conv1", 1, channels, inner, bias=False)
            draw.norm(f"{bottleneck}/conv1/BatchNorm", inner)
            draw.convolution(f"{bottleneck}/conv2", 3, inner, inner, bias=False)
            draw.norm(f"{bottleneck}/conv2/BatchNorm", inner)
            draw.convolution(f"{bottleneck}/conv3", 1, inner, depth)
            channels = depth
            if model_type != "vanilla" and unit < units - 1:
                # Most of a block's elements halt within it, at any depth.
                offset = -np.log(units)
                draw.halting(f"{scope}/halting_proba", model_type, depth, offset)
    draw.norm(f"{ROOT}/postnorm", channels)
    draw.convolution(f"{ROOT}/logits", 1, channels, num_classes)
    network = Calibration(model_type, num_units, draw.variables)
    network.rng = draw.rng
    network(images)
    return {name: value.astype("float32") for name, value in network.variables.items()}


class ImageNetReference(ReferenceNetwork):
    """Pre-activated bottlenecks in four blocks."""

    ROOT = ROOT
    BLOCK = ROOT + "/block{}"
    EPSILON = 1e-5
    ACTIVATED_HALTING = False

    def _stem(self, images):
        scope = f"{ROOT}/conv1"
        features = self._convolve(scope, images, stride=2, padding=3)
        flops = self._flops(scope) * features.shape[1] * features.shape[2]
        padded = pad(features, 3, 2, -np.inf)
        return np.max(list(taps(padded, 3, 2)), axis=0), flops

    def _unit(self, scope, inputs, stride):
        scope = f"{scope}/bottleneck_v2"
        preact = self._norm(f"{scope}/preact", inputs)
        hidden = self._convolve(f"{scope}/conv1", preact)
        hidden = self._norm(f"{scope}/conv1/BatchNorm", hidden)
        hidden = self._convolve(f"{scope}/conv2", hidden, stride, padding=1)
        hidden = self._norm(f"{scope}/conv2/BatchNorm", hidden)
        residual = self._convolve(f"{scope}/conv3", hidden)
        if inputs.shape[-1] == residual.shape[-1]:
            return inputs[:, ::stride, ::stride], residual
        return self._convolve(f"{scope}/shortcut", preact, stride), residual

    def _unit_flops(self, scope, where, first_size):
        scope = f"{scope}/bottleneck_v2"
        # The stride comes after the first convolution, which reads and writes the
        # resolution of the inputs.
        first = np.prod(first_size) if first_size else count(dilate(where))
        flops = self._flops(f"{scope}/conv1") * first
        if f"{scope}/shortcut/weights" in self.variables:
            flops = flops + self._flops(f"{scope}/shortcut") * count(where)
        for name in ("conv2", "conv3"):
            flops = flops + self._flops(f"{scope}/{name}") * count(where)
        return flops

    def _head(self, features):
        normal = self._norm(f"{ROOT}/postnorm", features)
        pooled = normal.mean(axis=(1, 2), keepdims=True)
        scope = f"{ROOT}/logits"
        return self._convolve(scope, pooled)[:, 0, 0], self._flops(scope)

    def _activate(self, inputs):
        return np.maximum(inputs, 0.0)


class Calibration(ImageNetReference):
    """Puts moving averages near the statistics of the images that it is called with."""

    def _norm(self, scope, inputs, activated=True):
        mean, variance = inputs.mean(axis=(0, 1, 2)), inputs.var(axis=(0, 1, 2)) + 0.01
        mean += self.rng.normal(0.0, 0.3, mean.shape) * np.sqrt(variance)
        variance *= self.rng.uniform(0.7, 1.4, variance.shape)
        self.variables[f"{scope}/moving_mean"] = mean
        self.variables[f"{scope}/moving_variance"] = variance
        return super()._norm(scope, inputs, activated)
