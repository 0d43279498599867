"""Networks of gates and of mask units, the same for the package and for its oracle."""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
from gate_reference import GateReference
from mask_reference import MaskReference
from postactivation_reference import PostactivationReference
from postactivation_variables import (
    calibrated,
    draw,
    draw_images,
    variable_shapes,
)

import sact_keras
from sact_keras.checkpoints.pytorch_names import named_variables, to_our_layout

ORACLES = {
    "vanilla": (PostactivationReference, None),
    "aig": (GateReference, "gates"),
    "dynconv": (MaskReference, "maskers"),
}
"""Method -> its oracle, and what decides."""


@dataclasses.dataclass(frozen=True)
class GatedCase:
    """A network, variables drawn for it, and images.

    Attributes:
        model_type: "vanilla", "aig" or "dynconv".
        model: What `build_model` calls its depth.
        num_units: What that means: the units of each block.
        size: (height, width) of the images.
        seed: Of variables, images and noise.
        unit: "basic" or "bottleneck".
        dataset: What the family follows from.
        base_channels: The base of the widths.
        num_classes: The number of classes.
        images: How many.
        training: Whether the network is called in training mode.
        moment: (epoch, epochs): how far the training is.
        arguments: Further ones of `build_model`.
    """

    model_type: str
    model: str
    num_units: tuple[int, ...]
    size: tuple[int, int]
    seed: int = 0
    unit: str = "basic"
    dataset: str = "cifar10"
    base_channels: int = 4
    num_classes: int = 10
    images: int = 5
    training: bool = False
    moment: tuple[int, int] = (0, 1)
    arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def draws_noise(self):
        """Whether decisions are made with noise, which DynConv's original ends."""
        if not self.training:
            return self.arguments.get("gate_eval") == "sample"
        ends = 0.8 if self.model_type == "dynconv" else 1.0
        epoch, epochs = self.moment
        return epoch <= self.arguments.get("noise_until", ends) * epochs

    @property
    def target_rates(self):
        """Of each unit, by the method's arguments."""
        rate = self.arguments.get("target_rate", 0.6)
        return self.arguments.get("target_rates") or [rate] * sum(self.num_units)

    @property
    def scopes(self):
        """What the names of each unit's variables begin with."""
        return [
            f"layer{block}.{unit}"
            for block, units in enumerate(self.num_units, start=1)
            for unit in range(units)
        ]

    @property
    def ungated(self):
        """Places of the units that always run, and have no gate."""
        if self.arguments.get("gate_all_units"):
            return []
        return [place for place, rate in enumerate(self.target_rates) if rate == 1]

    @functools.cached_property
    def pixels(self):
        """[N, height, width, 3]."""
        return draw_images(self.images, self.size, self.seed)

    @property
    def labels(self):
        return np.arange(self.images) % self.num_classes

    @functools.cached_property
    def noise(self):
        """Uniform draws, one array a unit."""
        rng = np.random.default_rng(self.seed)
        size = halved(halved(self.size)) if self._on_imagenet else self.size
        draws = []
        for block, units in enumerate(self.num_units):
            size = halved(size) if block else size
            grid = size if self.model_type == "dynconv" else ()
            shape = (self.images, *grid, 2)
            draws += [rng.random(shape, "float32") for _ in range(units)]
        return draws

    @functools.cached_property
    def variables(self):
        """PyTorch's name -> array."""
        oracle_class, decides = ORACLES[self.model_type]
        shapes = variable_shapes(
            self.num_units,
            self.unit,
            7 if self._on_imagenet else 3,
            self.base_channels,
            self.num_classes,
            decides,
        )
        absent = tuple(f"{self.scopes[place]}.fc" for place in self.ungated)
        shapes = {k: shape for k, shape in shapes.items() if not k.startswith(absent)}
        return calibrated(
            oracle_class,
            draw(shapes, self.seed),
            self.pixels,
            self.seed,
            self.training,
            self.noise if self.draws_noise else None,
        )

    def oracle(self):
        """The oracle, with the variables."""
        oracle_class, _ = ORACLES[self.model_type]
        noise = self.noise if self.draws_noise else None
        return oracle_class(self.variables, self.training, noise)

    def build(self):
        """The network, with the variables."""
        model = sact_keras.build_model(
            self.model_type,
            dataset=self.dataset,
            model=self.model,
            base_channels=self.base_channels,
            num_classes=self.num_classes,
            **self.arguments,
        )
        places = dict(named_variables(model))
        assert places.keys() == self.variables.keys()
        for name, array in self.variables.items():
            assert places[name].shape == array.shape, name
            variable = places[name].variable
            variable.assign(to_our_layout(array).reshape(variable.shape))
        return model

    @property
    def _on_imagenet(self):
        return self.dataset == "imagenet"


def halved(size):
    """(height, width) after a stride of 2."""
    return tuple(-(-side // 2) for side in size)
