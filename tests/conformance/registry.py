"""The registry of the conformance suite: every method is entered here once.

The suite holds each entry to what the package promises of all methods: saving,
exporting, dynamic shapes, distribution, backends, independence within a batch. Add
a case here with each new method; a test fails until you do.
"""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from keras import ops

import sact_keras


@dataclasses.dataclass(frozen=True)
class Case:
    """One method on a small network of uneven depth.

    Attributes:
        name: The case's name; also that of its files.
        model_type: The method.
        arguments: Further arguments of `build_model`.
        decides: Whether its decisions are to vary between images or positions.
        seed: Of its weights.
    """

    name: str
    model_type: str
    arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    decides: bool = True
    seed: int = 31

    def build(self):
        """The model, with weights under which its decisions vary."""
        model = sact_keras.build_model(
            self.model_type, **{"model": "1_2_1", "base_channels": 4, **self.arguments}
        )
        rng = np.random.default_rng(self.seed)
        for variable in model.weights:
            variable.assign(_draw(rng, variable))
        return model

    def shared(self):
        """The same, made once: for tests that leave it as it is."""
        return _build_once(self.name)

    def __str__(self):
        return self.name


IMAGENET = {"dataset": "imagenet", "model": "1_2_1_1", "num_classes": 7}

CASES = [
    Case("vanilla", "vanilla", decides=False),
    Case("act", "act", {"tau": 1.0}),
    Case("sact", "sact", {"tau": 1.0}),
    Case("sact_100_classes", "sact", {"num_classes": 100, "eps": 0.2}),
    Case("vanilla_imagenet", "vanilla", IMAGENET, decides=False),
    Case("act_imagenet", "act", IMAGENET, seed=10),
    Case("sact_imagenet", "sact", IMAGENET, seed=10),
    Case("aig", "aig", {"target_rates": "t,1,0.3,t"}, seed=14),
    Case("aig_imagenet", "aig", IMAGENET, seed=24),
    Case("dynconv", "dynconv", seed=54),
    Case("dynconv_imagenet", "dynconv", IMAGENET, seed=49),
    Case(
        "dynconv_imagenet_basic",
        "dynconv",
        IMAGENET | {"model": "basic_1_2_1_1"},
        seed=17,
    ),
    Case("blockdrop", "blockdrop", {"alpha": 0.9}, seed=7),
    Case("blockdrop_curriculum", "blockdrop", {"stage": "curriculum"}, seed=4),
    Case("blockdrop_pretrain", "blockdrop", {"stage": "pretrain"}, decides=False),
    Case("blockdrop_imagenet", "blockdrop", IMAGENET, seed=8),
]


def named(*names):
    """The cases of these names."""
    return [case for case in CASES if case.name in names]


@functools.cache
def _build_once(name):
    (case,) = named(name)
    return case.build()


# Where a case takes seconds: one a method, of either family.
ONE_A_METHOD = named("vanilla", "act", "sact_imagenet", "aig", "dynconv", "blockdrop")

# Those that draw at random in training.
DRAWING = named("aig", "dynconv", "blockdrop")


def parameters(fast, cases=CASES):
    """Cases as parameters; those that are not among `fast` are slow."""
    slow = [pytest.mark.slow]
    return [
        pytest.param(case, id=case.name, marks=[] if case in fast else slow)
        for case in cases
    ]


def make_images(batch=4, size=(32, 32)):
    """Images of different contrast and brightness, float32 [batch, *size, 3]."""
    rng = np.random.default_rng(1)
    images = rng.normal(size=(batch, *size, 3))
    images *= np.linspace(0.3, 2.0, batch).reshape(batch, 1, 1, 1)
    images += np.linspace(-1.0, 1.0, batch).reshape(batch, 1, 1, 1)
    return images.astype("float32")


def flat_outputs(outputs):
    """A model's outputs as a flat dictionary of NumPy arrays."""
    outputs = dict(outputs)
    masks = outputs.pop("masks", ())  # Laid out already in a SavedModel.
    outputs.update({f"masks/{i}": mask for i, mask in enumerate(masks)})
    return {name: ops.convert_to_numpy(value) for name, value in outputs.items()}


COUNTS = ("flops", "macs")


def assert_same_outputs(actual, expected, tolerance=1e-5):
    """Compares flat dictionaries: decisions and counts exactly."""
    assert set(actual) == set(expected)
    for name, value in expected.items():
        assert actual[name].shape == value.shape, name
        if name.startswith("masks/") or "num_units" in name or name.endswith(COUNTS):
            np.testing.assert_array_equal(actual[name], value, err_msg=name)
        else:
            np.testing.assert_allclose(
                actual[name], value, rtol=tolerance, atol=tolerance, err_msg=name
            )


# Names of the layers that decide.
DECIDING = ("halting", "gates", "maskers", "policy/logits")


def _draw(rng, variable):
    shape, kind = variable.shape, variable.name
    if kind == "moving_variance":
        return rng.uniform(0.5, 2.0, shape)
    if kind == "progress":
        return 0.3  # Noise is drawn still.
    if kind == "free_units":
        return 3  # Of four: the first always runs.
    if kind == "gamma":
        return rng.uniform(0.6, 1.4, shape)
    if kind != "kernel":
        return rng.normal(0.0, 0.3, shape)
    deciding = any(f"/{name}/" in variable.path for name in DECIDING)
    gain = 3.0 if deciding else 1.0
    return gain * rng.normal(0.0, np.sqrt(1.3 / np.prod(shape[:-1])), shape)
