"""The networks of the SACT project in NumPy alone, in evaluation mode.

An oracle for networks of any depth, width and size: written from the description of
the original's numerics, over its own variable names, and sharing no code with the
package. Slow and plain on purpose: a convolution is a sum over the taps of its kernel.
Here is what the families share: running a block, halting, counting. Each family says
in its own file what its stem, units and head are.
"""

import numpy as np


class ReferenceNetwork:
    """A network of given variables; what a family must say raises here.

    Args:
        model_type: "vanilla", "act" or "sact".
        num_units: Units of each block.
        variables: TF-Slim's name -> array.
        eps: An element halts once its scores sum to 1 - eps.
    """

    # Of a family: the first part of every name; a block's scope, from its number;
    # what batch norms add to the variance; whether halting activates its norms.
    ROOT = BLOCK = EPSILON = ACTIVATED_HALTING = None

    def __init__(self, model_type, num_units, variables, eps=0.01):
        self.model_type = model_type
        self.num_units = num_units
        self.variables = {k: v.astype("float64") for k, v in variables.items()}
        self.eps = eps

    def __call__(self, images):
        """Outputs by name; "margin" is the least distance of a sum from the threshold.

        A decision within the margin of float32's rounding could go either way.
        """
        outputs = {"margin": np.inf}
        height, width = images.shape[1:3]
        features, stem_flops = self._stem(images.astype("float64"))
        flops = np.full(len(images), stem_flops, "int64")
        maps = {"num_units": 0, "ponder_cost": 0}
        for block, units in enumerate(self.num_units):
            scope = self.BLOCK.format(block + 1)
            report = self._block(scope, features, units, stride=1 if block == 0 else 2)
            features = report["output"]
            outputs["margin"] = min(outputs["margin"], report.pop("margin"))
            outputs.update({f"block_{block + 1}/{k}": v for k, v in report.items()})
            flops += report["flops"]
            for name in maps:
                if name in report:
                    maps[name] = maps[name] + nearest(report[name], height, width)
        outputs["logits"], head_flops = self._head(features)
        outputs["flops"] = flops + head_flops
        outputs["num_units_map"] = maps["num_units"]
        if self.model_type != "vanilla":
            outputs["ponder_cost_map"] = maps["ponder_cost"]
        return outputs

    def _stem(self, images):
        """What enters the first block, and the FLOPs of an image."""
        raise NotImplementedError

    def _unit(self, scope, inputs, stride):
        """The (shortcut, residual) of a unit."""
        raise NotImplementedError

    def _unit_flops(self, scope, where, first_size):
        """The FLOPs of a unit for each image.

        Args:
            scope: The unit's.
            where: Where it runs, [N, h, w].
            first_size: (height, width) of its inputs where it is its block's first
                and runs everywhere, else None.
        """
        raise NotImplementedError

    def _head(self, features):
        """The (logits, FLOPs of an image)."""
        raise NotImplementedError

    def _activate(self, inputs):
        raise NotImplementedError

    def _block(self, scope, features, units, stride):
        images = len(features)
        margin, flops = np.inf, np.zeros(images, "int64")
        for unit in range(units):
            unit_scope = f"{scope}/unit_{unit + 1}"
            first_size = features.shape[1:3] if unit == 0 else None
            shortcut, residual = self._unit(
                unit_scope, features, stride if unit == 0 else 1
            )
            if unit == 0:
                grid = residual.shape[:3]
                spatial = self.model_type == "sact"
                elements = grid if spatial else grid[:1]
                running = np.ones(elements, bool)
                cumulative = np.zeros(elements)
                remainder = np.ones(elements)
                num_units = np.zeros(elements, "int32")
                output, distribution = np.zeros(residual.shape), []
            where = (
                running if spatial else np.broadcast_to(running[:, None, None], grid)
            )
            features = shortcut + where[..., None] * residual
            num_units += running
            flops += self._unit_flops(unit_scope, where, first_size)
            if self.model_type == "vanilla":
                continue
            share = np.where(running, remainder, 0.0)
            if unit < units - 1:
                halting = f"{unit_scope}/halting_proba"
                score = self._score(halting, features)
                cumulative = cumulative + score
                goes_on = running & (cumulative < 1 - self.eps)
                distance = np.abs(cumulative - (1 - self.eps))[running]
                margin = min(margin, distance.min(initial=np.inf))
                share = np.where(goes_on, score, share)
                globally = self._flops(f"{halting}/global_conv")
                if spatial:
                    flops += self._flops(f"{halting}/local_conv") * count(where)
                    flops += globally
                else:
                    flops += globally * running
                remainder = np.where(goes_on, remainder - score, remainder)
                running = goes_on
            distribution.append(share)
            output += share.reshape(share.shape + (1,) * (4 - share.ndim)) * features
        report = {"output": features, "num_units": num_units, "flops": flops}
        if self.model_type != "vanilla":
            report["output"] = output
            report["ponder_cost"] = num_units + remainder
            report["halting_distribution"] = np.stack(distribution, axis=-1)
        return {**report, "margin": margin}

    def _score(self, scope, features):
        activated = self.ACTIVATED_HALTING
        pooled = features.mean(axis=(1, 2), keepdims=True)
        pooled = self._norm(f"{scope}/global_bn", pooled, activated)
        evidence = self._convolve(f"{scope}/global_conv", pooled)[..., 0]
        if self.model_type == "act":
            return sigmoid(evidence[:, 0, 0])
        normal = self._norm(f"{scope}/local_bn", features, activated)
        return sigmoid(evidence + self._convolve(f"{scope}/local_conv", normal)[..., 0])

    def _norm(self, scope, inputs, activated=True):
        mean = self.variables[f"{scope}/moving_mean"]
        variance = self.variables[f"{scope}/moving_variance"]
        normal = (inputs - mean) / np.sqrt(variance + self.EPSILON)
        gamma, beta = (self.variables[f"{scope}/{name}"] for name in ("gamma", "beta"))
        normal = gamma * normal + beta
        return self._activate(normal) if activated else normal

    def _convolve(self, scope, inputs, stride=1, padding=None):
        """A convolution, with its bias if it has one.

        Args:
            scope: The convolution's.
            inputs: [N, h, w, channels].
            stride: Of both axes.
            padding: Zeros on every side; by default those of TensorFlow's "SAME".
        """
        sides = [(padding, padding)] * 2 if padding is not None else None
        kernel = self.variables[f"{scope}/weights"]
        outputs = convolve(inputs, kernel, stride, sides)
        return outputs + self.variables.get(f"{scope}/biases", 0.0)

    def _flops(self, scope):
        """Of one position: two a multiply-accumulate."""
        return 2 * self.variables[f"{scope}/weights"].size


def convolve(inputs, kernel, stride, sides=None):
    """The sum over the taps of a kernel [size, size, in, out], padded as `pad` says."""
    size = kernel.shape[0]
    seen = taps(pad(inputs, size, stride, 0.0, sides), size, stride)
    weights = kernel.reshape(-1, *kernel.shape[2:])
    return sum(np.tensordot(*tap, axes=1) for tap in zip(seen, weights, strict=True))


def same_padding(side, size, stride):
    """The (before, after) of TensorFlow's "SAME": the odd one comes after."""
    total = max((-(-side // stride) - 1) * stride + size - side, 0)
    return total // 2, total - total // 2


def pad(inputs, size, stride, value, sides=None):
    sides = sides or [same_padding(side, size, stride) for side in inputs.shape[1:3]]
    return np.pad(inputs, [(0, 0), *sides, (0, 0)], constant_values=value)


def taps(padded, size, stride):
    """What each place of a window of `size` x `size` sees, without padding."""
    rows, columns = ((side - size) // stride + 1 for side in padded.shape[1:3])
    for row in range(size):
        for column in range(size):
            yield padded[:, row::stride, column::stride][:, :rows, :columns]


def average_pool(inputs):
    """2x2 with a stride of 2; at an odd side the mean is of what is inside."""
    odd = [(0, side % 2) for side in inputs.shape[1:3]]
    return np.nanmean(list(taps(pad(inputs, 2, 2, np.nan, odd), 2, 2)), axis=0)


def sigmoid(inputs):
    return 1 / (1 + np.exp(-inputs))


def count(mask):
    return mask.sum(axis=(1, 2))


def dilate(mask):
    return np.any(list(taps(pad(mask[..., None], 3, 1, False), 3, 1)), axis=0)[..., 0]


def nearest(values, height, width):
    if values.ndim == 1:
        values = values[:, None, None]
    rows = covering(height, values.shape[1])
    return values[:, rows][:, :, covering(width, values.shape[2])]


def covering(pixels, positions):
    """The position that each pixel of an axis reads.

    In float32, as the original computes: at sizes like 122 rounding moves a row.
    """
    scale = np.float32(positions) / np.float32(pixels)
    index = np.floor(np.arange(pixels, dtype="float32") * scale).astype(int)
    return np.minimum(index, positions - 1)
