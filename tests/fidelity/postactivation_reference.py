"""The post-activation ResNets of the originals in PyTorch, in NumPy alone.

An oracle as `reference.py` is: written from the description of the originals' numerics,
over PyTorch's own names, and sharing no code with the package. The depth, the type of
the units and the family follow from the variables. Here every unit runs; gates, mask
units and policies are subclasses' (`gate_reference.py`, `mask_reference.py`,
`policy_reference.py`).
"""

import numpy as np
from reference import nearest
from torch_layers import TorchLayers, max_pool, relu


class PostactivationReference(TorchLayers):
    """A network of given variables.

    Args:
        variables: PyTorch's name -> array, in its layout.
        training: Whether batch norms take the batch's own statistics.
        noise: Uniform draws, one array a unit, for what decides; None for no noise.
    """

    def __init__(self, variables, training=False, noise=None):
        super().__init__(variables, training)
        self.noise = noise

    @property
    def num_units(self):
        """Units of each block."""
        counts = []
        while self.has(f"{self._scope(len(counts) + 1, 0)}.conv1"):
            counts.append(0)
            while self.has(f"{self._scope(len(counts), counts[-1])}.conv1"):
                counts[-1] += 1
        return counts

    def __call__(self, images):
        """Outputs by name.

        Among them is what no network has: "scores" (what decided about each unit, with
        noise; None where it always runs), "margin" (the least distance of one from the
        threshold; a decision within the margin of float32's rounding could go either
        way) and "after", the moving statistics after this batch.
        """
        self.after, masks, scores = {}, [], []
        features, stem_macs = self._stem(images.astype("float64"))
        flops = np.full(len(images), 2 * stem_macs, "int64")
        macs = np.full(len(images), stem_macs, "int64")
        outputs, units_map = {}, 0
        for block, units in enumerate(self.num_units, start=1):
            block_flops, num_units = 0, 0
            for unit in range(units):
                scope = self._scope(block, unit)
                stride = 2 if block > 1 and unit == 0 else 1
                score = self._score(scope, features, stride, len(scores))
                mask = np.ones(len(images)) if score is None else self._mask(score)
                size = features.shape[1:3]
                features = self._unit(scope, features, stride, mask)
                spent, reported = self._macs(scope, mask, size, features.shape[1:3])
                block_flops = block_flops + 2 * spent
                macs += reported
                num_units = num_units + mask.astype("int32")
                masks.append(mask)
                scores.append(score)
            flops += block_flops
            outputs[f"block_{block}/output"] = features
            outputs[f"block_{block}/flops"] = block_flops
            outputs[f"block_{block}/num_units"] = num_units
            units_map = units_map + nearest(num_units, *images.shape[1:3])
        # ConvNet-AIG calls its classifier "linear".
        head = "fc" if self.has("fc") else "linear"
        decided = [np.abs(score).min() for score in scores if score is not None]
        return outputs | {
            "logits": self.linear(head, features.mean(axis=(1, 2))),
            "flops": flops + 2 * self.weights(head),
            "macs": macs,
            "num_units_map": units_map,
            "masks": masks,
            "scores": scores,
            "margin": min(decided, default=np.inf),
            "after": self.after,
        }

    def _scope(self, block, unit):
        """What the names of a unit begin with: blocks are from 1, units from 0."""
        return f"layer{block}.{unit}"

    def _stem(self, images):
        """What enters the first block, and the multiply-accumulates of an image."""
        on_imagenet = self.variables["conv1.weight"].shape[-1] == 7
        features = self.convolve("conv1", images, stride=2 if on_imagenet else 1)
        macs = self.weights("conv1") * features.shape[1] * features.shape[2]
        features = relu(self.norm("bn1", features))
        return max_pool(features) if on_imagenet else features, macs

    def _unit(self, scope, inputs, stride, mask):
        """What leaves a residual unit; the ReLU applies where it is masked, too."""
        shortcut = self._shortcut_output(scope, inputs, stride)
        mask = mask.reshape(mask.shape + (1,) * (4 - mask.ndim))
        return relu(shortcut + mask * self._residual(scope, inputs, stride))

    def _residual(self, scope, inputs, stride):
        residual, last = inputs, self._convolutions(scope)
        for number in range(1, last + 1):
            # Of two convolutions the first has the stride, of three the second.
            step = stride if number == last - 1 else 1
            residual = self.convolve(f"{scope}.conv{number}", residual, step)
            residual = self.norm(f"{scope}.bn{number}", residual)
            residual = residual if number == last else relu(residual)
        return residual

    def _shortcut_output(self, scope, inputs, stride):
        name = self._shortcut(scope)
        if name is None:
            return inputs
        return self.norm(f"{name}.1", self.convolve(f"{name}.0", inputs, stride))

    def _convolutions(self, scope):
        return 3 if self.has(f"{scope}.conv3") else 2

    def _shortcut(self, scope):
        """The name of its convolution and norm; None where the input itself goes on."""
        names = (f"{scope}.{name}" for name in ("downsample", "shortcut"))
        return next((name for name in names if self.has(f"{name}.0")), None)

    def _macs(self, scope, mask, input_size, output_size):
        """Multiply-accumulates of a unit and of deciding about it, [N].

        Returns:
            (all of them, those that the original reports).
        """
        macs = self._masked_macs(scope, mask, input_size, output_size)
        shortcut = self._shortcut(scope)
        if shortcut is not None:
            macs = macs + self.weights(f"{shortcut}.0") * np.prod(output_size)
        return macs, macs

    def _masked_macs(self, scope, mask, input_size, output_size):
        """Those of the convolutions that the mask lets run, [N]."""
        last = self._convolutions(scope)
        # A stride comes after the first of three convolutions.
        first_size = input_size if last == 3 else output_size
        rest = sum(self.weights(f"{scope}.conv{n}") for n in range(2, last + 1))
        macs = self.weights(f"{scope}.conv1") * self._around(mask, first_size)
        return macs + rest * self._kept(mask, output_size)

    def _score(self, scope, features, stride, index):
        """What decides about a unit, or None: it always runs.

        Args:
            scope: The unit's.
            features: What it reads.
            stride: The unit's.
            index: Its place in the network, from 0, and in the noise.
        """
        del scope, features, stride, index

    def _mask(self, score):
        raise NotImplementedError

    def _kept(self, mask, size):
        """At how many positions of the output a mask keeps the unit, [N]."""
        return mask.astype("int64") * np.prod(size)

    def _around(self, mask, size):
        """How many positions of a grid, as fine or finer, are read there, [N]."""
        return mask.astype("int64") * np.prod(size)
