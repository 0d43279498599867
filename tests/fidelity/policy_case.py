"""Networks of BlockDrop, the same for the package and for its oracle."""

import dataclasses
import functools
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from policy_names import assign
from policy_reference import DroppableReference, PolicyReference, halved
from postactivation_variables import (
    amid_the_widest_gap,
    draw,
    draw_images,
    in_float32,
    variable_shapes,
    with_calibrated_norms,
)

import sact_keras


@dataclasses.dataclass(frozen=True)
class PolicyCase:
    """Two networks, variables drawn for them, images and policies.

    Attributes:
        model: What `build_model` calls the depth.
        num_units: What that means: the units of each block.
        size: (height, width) of the images.
        seed: Of variables, images and policies.
        dataset: What the family follows from.
        base_channels: The base of the widths.
        num_classes: The number of classes.
        images: How many.
        training: Whether the networks are called in training mode.
        stage: "curriculum" or "finetune".
        free_units: How many of the last units policies decide about in training; None
            for all.
        arguments: Further ones of `build_model`.
    """

    model: str
    num_units: tuple[int, ...]
    size: tuple[int, int]
    seed: int = 0
    dataset: str = "cifar10"
    base_channels: int = 4
    num_classes: int = 10
    images: int = 6
    training: bool = False
    stage: str = "finetune"
    free_units: int | None = None
    arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @functools.cached_property
    def pixels(self):
        """[N, height, width, 3]."""
        return draw_images(self.images, self.size, self.seed)

    @functools.cached_property
    def policies(self):
        """Policies to run, by name, [N, units] each."""
        rng = np.random.default_rng(self.seed)
        shape = self.images, self.total_units
        drawn = rng.integers(0, 2, shape)
        # Units that no image runs, and images that run none and all.
        mixed = drawn * (np.arange(shape[1]) % 3 != 1)
        mixed[0], mixed[1, 0] = 0, 1
        return {
            name: np.float32(policy)
            for name, policy in {
                "none": np.zeros(shape),
                "all": np.ones(shape),
                "drawn": drawn,
                "mixed": mixed,
            }.items()
        }

    @functools.cached_property
    def noise(self):
        """Uniform draws, one [N] a unit."""
        rng = np.random.default_rng(self.seed + 1)
        return list(rng.random((self.total_units, self.images), "float32"))

    @property
    def trained(self):
        """The networks whose batch norms take the batch's own statistics."""
        if not self.training:
            return ()
        return ("agent",) if self.stage == "curriculum" else ("agent", "resnet")

    @functools.cached_property
    def variables(self):
        """The original's name -> array; no probability is near a half."""
        agent = self._draw((1,) * len(self.num_units), "basic", 1 + self.total_units)
        images = halved(self.pixels) if self._on_imagenet else self.pixels
        agent, logits = self._calibrated(agent, images, "agent" in self.trained)
        for unit in range(self.total_units):
            agent["fc.bias"][unit] -= amid_the_widest_gap(logits[:, unit])
        variables = {}
        for name, rows in ("logit", slice(-1)), ("vnet", slice(-1, None)):
            for kind in ("weight", "bias"):
                variables[f"agent.{name}.{kind}"] = agent[f"fc.{kind}"][rows]
        del agent["fc.weight"], agent["fc.bias"]
        variables |= {f"agent.features.{name}": array for name, array in agent.items()}
        unit = "bottleneck" if self._on_imagenet else "basic"
        resnet = self._draw(self.num_units, unit, self.num_classes)
        resnet, _ = self._calibrated(resnet, self.pixels, "resnet" in self.trained)
        variables |= {f"resnet.{name}": array for name, array in resnet.items()}
        return in_float32(variables)

    def oracle(self):
        """The oracle, with the variables."""
        return PolicyReference(self.variables, self.trained)

    def build(self):
        """The network, with the variables."""
        model = sact_keras.build_model(
            "blockdrop",
            dataset=self.dataset,
            model=self.model,
            base_channels=self.base_channels,
            num_classes=self.num_classes,
            stage=self.stage,
            **self.arguments,
        )
        assign(model, self.variables)
        if self.free_units is not None:
            model.policy.free_units.assign(self.free_units)
        return model

    @property
    def total_units(self):
        return sum(self.num_units)

    @property
    def _on_imagenet(self):
        return self.dataset == "imagenet"

    def _draw(self, num_units, unit, num_outputs):
        """A ResNet's variables under the original's names."""
        shapes = variable_shapes(
            num_units,
            unit,
            7 if self._on_imagenet else 3,
            self.base_channels,
            num_outputs,
            None,
        )
        named = {}
        for name, shape in shapes.items():
            name = re.sub(r"^layer(\d+)", lambda m: f"blocks.{int(m[1]) - 1}", name)
            name = re.sub(r"^blocks\.(\d+)\.0\.downsample", r"ds.\1", name)
            # On CIFAR shortcuts have no variables.
            if self._on_imagenet or not name.startswith("ds."):
                named[name] = shape
        return draw(named, self.seed)

    def _calibrated(self, variables, images, training):
        """The variables with moving averages near the images', and the logits."""
        oracle_class = with_calibrated_norms(DroppableReference, self.seed)
        network = oracle_class(variables, training)
        logits = network(images)["logits"]
        return network.variables, logits
