"""Variables and images for the oracles of post-activation networks."""

import numpy as np


def variable_shapes(num_units, unit, stem_size, base_channels, num_classes, decides):
    """The shapes that the originals give to a network's variables, by name.

    Args:
        num_units: Units of each block.
        unit: "basic" or "bottleneck".
        stem_size: Of the stem's kernel.
        base_channels: Of the stem, and the base of the blocks' widths.
        num_classes: The number of classes.
        decides: "gates", "maskers" or None. A unit of target rate 1 has a gate, too.
    """
    shapes = {}

    def layer(name, *shape, bias=True):
        shapes[f"{name}.weight"] = shape
        if bias:
            shapes[f"{name}.bias"] = shape[:1]

    def normalized(name, norm, filters, channels, size):
        layer(name, filters, channels, size, size, bias=False)
        layer(norm, filters)
        shapes[f"{norm}.running_mean"] = shapes[f"{norm}.running_var"] = (filters,)

    normalized("conv1", "bn1", base_channels, 3, stem_size)
    channels = base_channels
    for block, units in enumerate(num_units):
        inner = base_channels * 2**block
        sizes, widths = {
            "basic": ((3, 3), (inner, inner)),
            "bottleneck": ((1, 3, 1), (inner, inner, 4 * inner)),
        }[unit]
        for scope in (f"layer{block + 1}.{index}" for index in range(units)):
            reads = (channels, *widths)
            for number, size in enumerate(sizes):
                conv, norm = (f"{scope}.{each}{number + 1}" for each in ("conv", "bn"))
                normalized(conv, norm, widths[number], reads[number], size)
            if channels != widths[-1]:
                name = f"{scope}.downsample"
                normalized(f"{name}.0", f"{name}.1", widths[-1], channels, 1)
            if decides == "gates":
                normalized(f"{scope}.fc1", f"{scope}.fc1bn", 16, channels, 1)
                shapes[f"{scope}.fc1.bias"] = (16,)
                layer(f"{scope}.fc2", 2, 16, 1, 1)
            elif decides == "maskers":
                layer(f"{scope}.masker.maskconv.conv", 1, channels, 3, 3)
                layer(f"{scope}.masker.maskconv.fc", 1, channels)
            channels = widths[-1]
    layer("fc", num_classes, channels)
    return shapes


def draw(shapes, seed):
    """Arrays of those shapes, by name."""
    rng = np.random.default_rng(seed)
    variables = {}
    for name, shape in shapes.items():
        if name.endswith("running_var"):
            array = rng.uniform(0.5, 2.0, shape)
        elif name.endswith(".weight") and len(shape) == 1:
            array = rng.uniform(0.6, 1.4, shape)
        elif len(shape) == 1:
            array = rng.normal(0.0, 0.3, shape)
        else:
            array = rng.normal(0.0, np.sqrt(1.3 / np.prod(shape[1:])), shape)
        variables[name] = array.astype("float32")
    return variables


def draw_images(number, size, seed):
    """Images [number, *size, 3] that differ in brightness and in contrast.

    So what decides tells them apart.
    """
    rng = np.random.default_rng(seed)
    images = rng.normal(size=(number, *size, 3))
    images *= np.linspace(0.3, 2.0, number).reshape(-1, 1, 1, 1)
    images += np.linspace(-1.0, 1.0, number).reshape(-1, 1, 1, 1)
    return images.astype("float32")


def calibrated(oracle_class, variables, images, seed, training=False, noise=None):
    """The variables, changed such that decisions vary and none is doubtful.

    Biases of what decides put the threshold amid the widest gap between scores: of
    thousands, one would lie within float32's rounding of any other threshold. Moving
    averages are changed, too, see `with_calibrated_norms`.

    Args:
        oracle_class: Of the network.
        variables: Name -> array.
        images: [N, H, W, 3].
        seed: Of how near.
        training: Whether scores are those of training mode.
        noise: Uniform draws, part of the scores; None for none.

    Returns:
        Name -> float32 array.
    """

    class Calibration(with_calibrated_norms(oracle_class, seed)):
        def _score(self, scope, features, stride, index):
            score = super()._score(scope, features, stride, index)
            if score is None:
                return None
            threshold = amid_the_widest_gap(score)
            names = (f"{scope}.fc2.bias", f"{scope}.masker.maskconv.conv.bias")
            (name,) = (name for name in names if name in self.variables)
            # Of two logits, the one that lets the unit run.
            self.variables[name][-1] -= threshold
            return score - threshold

    network = Calibration(variables, training, noise)
    network(images)
    return in_float32(network.variables)


def with_calibrated_norms(oracle_class, seed):
    """The class, with moving averages put near the statistics of its first batch.

    Not at them, so that they are not mistaken for a batch's own. As they were drawn,
    states would grow from unit to unit. In training mode they stay.
    """
    rng = np.random.default_rng(seed)

    class NormCalibration(oracle_class):
        def norm(self, name, inputs):
            if not self.training:
                rows = inputs.reshape(-1, inputs.shape[-1])
                mean, variance = rows.mean(axis=0), rows.var(axis=0) + 0.01
                mean = mean + rng.normal(0.0, 0.3, mean.shape) * np.sqrt(variance)
                variance = variance * rng.uniform(0.7, 1.4, variance.shape)
                self.variables[f"{name}.running_mean"] = mean
                self.variables[f"{name}.running_var"] = variance
            return super().norm(name, inputs)

    return NormCalibration


def in_float32(variables):
    return {name: value.astype("float32") for name, value in variables.items()}


def amid_the_widest_gap(scores):
    """A threshold that leaves at least a quarter of the scores on each side."""
    ordered = np.sort(scores, axis=None)
    quarter = len(ordered) // 4
    middle = ordered[quarter : len(ordered) - quarter]
    place = np.argmax(np.diff(middle))
    return (middle[place] + middle[place + 1]) / 2
