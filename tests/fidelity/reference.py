"""The CIFAR networks of the SACT project in NumPy alone, in evaluation mode.

An oracle for networks of any depth, width and size: written from the description of
the original's numerics, over its own variable names, and sharing no code with the
package. Slow and plain on purpose: a convolution is a sum over the taps of its kernel.
"""

import numpy as np

ROOT = "resnet_residual"
EPSILON = 1e-3


def random_variables(model_type, num_units, base_channels, num_classes, seed):
    """Variables by name, drawn so that halting varies between images and positions."""
    rng = np.random.default_rng(seed)
    variables = {}

    def convolution(scope, size, channels, filters, bias=True, gain=1.0, offset=0.0):
        stddev = gain * np.sqrt(1.3 / (size * size * channels))
        shape = (size, size, channels, filters)
        variables[f"{scope}/weights"] = rng.normal(0.0, stddev, shape)
        if bias:
            variables[f"{scope}/biases"] = rng.normal(offset, 0.1, filters)

    def norm(scope, channels):
        variables[f"{scope}/beta"] = rng.normal(0.0, 0.3, channels)
        variables[f"{scope}/gamma"] = rng.uniform(0.6, 1.4, channels)
        variables[f"{scope}/moving_mean"] = rng.normal(0.0, 0.3, channels)
        variables[f"{scope}/moving_variance"] = rng.uniform(0.5, 2.0, channels)

    convolution(f"{ROOT}/Conv", 3, 3, base_channels)
    channels = base_channels
    for block, units in enumerate(num_units):
        filters = base_channels * 2**block
        for unit in range(units):
            scope = f"{ROOT}/block_{block + 1}/unit_{unit + 1}"
            norm(f"{scope}/residual/preact", channels)
            convolution(f"{scope}/residual/conv1", 3, channels, filters, bias=False)
            norm(f"{scope}/residual/conv1/BatchNorm", filters)
            convolution(f"{scope}/residual/conv2", 3, filters, filters)
            channels = filters
            if model_type == "vanilla" or unit == units - 1:
                continue
            halting = f"{scope}/halting_proba"
            if model_type == "sact":
                norm(f"{halting}/local_bn", filters)
                convolution(f"{halting}/local_conv", 3, filters, 1, gain=1.5, offset=-1)
            norm(f"{halting}/global_bn", filters)
            act = model_type == "act"
            gain = 6.0 if act else 2.0
            convolution(f"{halting}/global_conv", 1, filters, 1, act, gain, offset=-1)
    norm(f"{ROOT}/BatchNorm", channels)
    convolution(f"{ROOT}/logits", 1, channels, num_classes)
    return {name: value.astype("float32") for name, value in variables.items()}


class ReferenceNetwork:
    """A network of given variables.

    Args:
        model_type: "vanilla", "act" or "sact".
        num_units: Units of each block.
        variables: TF-Slim's name -> array.
        eps: An element halts once its scores sum to 1 - eps.
    """

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
        features = self._convolve(f"{ROOT}/Conv", images.astype("float64"))
        flops = np.full(
            len(images), self._flops(f"{ROOT}/Conv") * height * width, "int64"
        )
        maps = {"num_units": 0, "ponder_cost": 0}
        for block, units in enumerate(self.num_units):
            scope = f"{ROOT}/block_{block + 1}"
            report = self._block(scope, features, units, stride=1 if block == 0 else 2)
            features = report["output"]
            outputs["margin"] = min(outputs["margin"], report.pop("margin"))
            outputs.update({f"block_{block + 1}/{k}": v for k, v in report.items()})
            flops += report["flops"]
            for name in maps:
                if name in report:
                    maps[name] = maps[name] + nearest(report[name], height, width)
        pooled = features.mean(axis=(1, 2), keepdims=True)
        pooled = self._norm(f"{ROOT}/BatchNorm", pooled)
        outputs["logits"] = self._convolve(f"{ROOT}/logits", pooled)[:, 0, 0]
        outputs["flops"] = flops + self._flops(f"{ROOT}/logits")
        outputs["num_units_map"] = maps["num_units"]
        if self.model_type != "vanilla":
            outputs["ponder_cost_map"] = maps["ponder_cost"]
        return outputs

    def _block(self, scope, features, units, stride):
        images = len(features)
        margin, flops = np.inf, np.zeros(images, "int64")
        for unit in range(units):
            unit_scope = f"{scope}/unit_{unit + 1}"
            shortcut, residual = self._unit(
                unit_scope,
                features,
                stride if unit == 0 else 1,
                first=unit_scope == f"{ROOT}/block_1/unit_1",
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
            flops += self._flops(f"{unit_scope}/residual/conv1") * count(dilate(where))
            flops += self._flops(f"{unit_scope}/residual/conv2") * count(where)
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

    def _unit(self, scope, inputs, stride, first):
        preact = self._norm(f"{scope}/residual/preact", inputs)
        hidden = self._convolve(f"{scope}/residual/conv1", preact, stride)
        hidden = leaky_relu(self._norm(f"{scope}/residual/conv1/BatchNorm", hidden))
        residual = self._convolve(f"{scope}/residual/conv2", hidden)
        shortcut = preact if first else inputs
        if stride == 2:
            shortcut = (
                shortcut[:, ::2, ::2]
                + shortcut[:, 1::2, ::2]
                + shortcut[:, ::2, 1::2]
                + shortcut[:, 1::2, 1::2]
            ) / 4
        missing = residual.shape[-1] - shortcut.shape[-1]
        if missing:
            before = np.zeros((*shortcut.shape[:3], missing // 2))
            after = np.zeros((*shortcut.shape[:3], missing - missing // 2))
            shortcut = np.concatenate([before, shortcut, after], axis=-1)
        return shortcut, residual

    def _score(self, scope, features):
        pooled = features.mean(axis=(1, 2), keepdims=True)
        pooled = self._norm(f"{scope}/global_bn", pooled)
        evidence = self._convolve(f"{scope}/global_conv", pooled)[..., 0]
        if self.model_type == "act":
            return sigmoid(evidence[:, 0, 0])
        normal = self._norm(f"{scope}/local_bn", features)
        return sigmoid(evidence + self._convolve(f"{scope}/local_conv", normal)[..., 0])

    def _norm(self, scope, inputs):
        """Batch norm and leaky ReLU, which come together everywhere in this family."""
        mean = self.variables[f"{scope}/moving_mean"]
        variance = self.variables[f"{scope}/moving_variance"]
        normal = (inputs - mean) / np.sqrt(variance + EPSILON)
        gamma, beta = (self.variables[f"{scope}/{name}"] for name in ("gamma", "beta"))
        return leaky_relu(gamma * normal + beta)

    def _convolve(self, scope, inputs, stride=1):
        kernel = self.variables[f"{scope}/weights"]
        size = kernel.shape[0]
        rows, columns = (-(-side // stride) for side in inputs.shape[1:3])
        padding = [(0, 0)]
        for side, steps in zip(inputs.shape[1:3], (rows, columns), strict=True):
            total = max((steps - 1) * stride + size - side, 0)
            padding.append((total // 2, total - total // 2))
        padded = np.pad(inputs, [*padding, (0, 0)])
        outputs = np.zeros((len(inputs), rows, columns, kernel.shape[-1]))
        for row in range(size):
            for column in range(size):
                tap = padded[:, row::stride, column::stride][:, :rows, :columns]
                outputs += np.einsum("nhwc,cf->nhwf", tap, kernel[row, column])
        return outputs + self.variables.get(f"{scope}/biases", 0.0)

    def _flops(self, scope):
        """Of one position: two a multiply-accumulate."""
        return 2 * self.variables[f"{scope}/weights"].size


def leaky_relu(inputs):
    return np.where(inputs < 0, 0.1 * inputs, inputs)


def sigmoid(inputs):
    return 1 / (1 + np.exp(-inputs))


def count(mask):
    return mask.sum(axis=(1, 2))


def dilate(mask):
    height, width = mask.shape[1:]
    padded = np.pad(mask, ((0, 0), (1, 1), (1, 1)))
    shifts = [
        padded[:, row : row + height, column : column + width]
        for row in range(3)
        for column in range(3)
    ]
    return np.any(shifts, axis=0)


def nearest(values, height, width):
    if values.ndim == 1:
        values = values[:, None, None]
    rows = np.arange(height) * values.shape[1] // height
    columns = np.arange(width) * values.shape[2] // width
    return values[:, rows][:, :, columns]
