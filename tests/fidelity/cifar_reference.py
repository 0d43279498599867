"""The CIFAR family of the oracle."""

import numpy as np
from random_variables import RandomVariables
from reference import ReferenceNetwork, average_pool, count, dilate

ROOT = "resnet_residual"


def random_variables(model_type, num_units, base_channels, num_classes, seed):
    """Variables by name, drawn so that halting varies between images and positions."""
    draw = RandomVariables(seed)
    draw.convolution(f"{ROOT}/Conv", 3, 3, base_channels)
    channels = base_channels
    for block, units in enumerate(num_units):
        filters = base_channels * 2**block
        for unit in range(units):
            scope = f"{ROOT}/block_{block + 1}/unit_{unit + 1}"
            residual = f"{scope}/residual"
            draw.norm(f"{residual}/preact", channels)
            draw.convolution(f"{residual}/conv1", 3, channels, filters, bias=False)
            draw.norm(f"{residual}/conv1/BatchNorm", filters)
            draw.convolution(f"{residual}/conv2", 3, filters, filters)
            channels = filters
            if model_type != "vanilla" and unit < units - 1:
                draw.halting(f"{scope}/halting_proba", model_type, filters)
    draw.norm(f"{ROOT}/BatchNorm", channels)
    draw.convolution(f"{ROOT}/logits", 1, channels, num_classes)
    return draw.variables


class CifarReference(ReferenceNetwork):
    """Pre-activated pairs of 3x3 convolutions in three blocks."""

    ROOT = ROOT
    BLOCK = ROOT + "/block_{}"
    EPSILON = 1e-3
    ACTIVATED_HALTING = True

    def _stem(self, images):
        scope = f"{ROOT}/Conv"
        positions = images.shape[1] * images.shape[2]
        return self._convolve(scope, images), self._flops(scope) * positions

    def _unit(self, scope, inputs, stride):
        preact = self._norm(f"{scope}/residual/preact", inputs)
        hidden = self._convolve(f"{scope}/residual/conv1", preact, stride)
        # Activated twice: by the norm and by the convolution that it belongs to.
        hidden = self._norm(f"{scope}/residual/conv1/BatchNorm", hidden)
        residual = self._convolve(f"{scope}/residual/conv2", self._activate(hidden))
        shortcut = preact if scope == f"{ROOT}/block_1/unit_1" else inputs
        if stride == 2:
            shortcut = average_pool(shortcut)
        missing = residual.shape[-1] - shortcut.shape[-1]
        if missing:
            before = np.zeros((*shortcut.shape[:3], missing // 2))
            after = np.zeros((*shortcut.shape[:3], missing - missing // 2))
            shortcut = np.concatenate([before, shortcut, after], axis=-1)
        return shortcut, residual

    def _unit_flops(self, scope, where, first_size):
        flops = self._flops(f"{scope}/residual/conv1") * count(dilate(where))
        return flops + self._flops(f"{scope}/residual/conv2") * count(where)

    def _head(self, features):
        pooled = features.mean(axis=(1, 2), keepdims=True)
        pooled = self._norm(f"{ROOT}/BatchNorm", pooled)
        scope = f"{ROOT}/logits"
        return self._convolve(scope, pooled)[:, 0, 0], self._flops(scope)

    def _activate(self, inputs):
        return np.where(inputs < 0, 0.1 * inputs, inputs)
