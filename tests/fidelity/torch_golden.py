"""Golden cases of the originals that are written in PyTorch."""

import dataclasses
import json
from pathlib import Path

import keras
import numpy as np
import pytest
from conftest import load_arrays
from torch_networks import build_torch_network

import sact_keras
from sact_keras.checkpoints.pytorch_names import (
    canonical_name,
    named_variables,
    to_our_layout,
)

GRADIENT_TOLERANCES = {"float32": 1e-3, "float64": 1e-4}
"""Dtype -> relative error allowed of gradients."""


@dataclasses.dataclass(frozen=True)
class TorchCase:
    """What an original computes from a checkpoint and a batch.

    Attributes:
        name: The case's name.
        directory: Where it lies.
        options: `case.json`.
        arrays: `golden.npz`, in PyTorch's layout.
    """

    name: str
    directory: Path
    options: dict
    arrays: dict[str, np.ndarray]

    @property
    def checkpoints(self):
        """The files of its weights: today's and, if there is one, that of old."""
        name = self.options["checkpoint"]
        legacy = self.directory / "legacy" / name
        return [self.directory / name, *([legacy] if legacy.is_file() else [])]

    def model(
        self, skip_decisions=False, dtype="float32", checkpoint=None, **arguments
    ):
        """The case's network with its weights.

        Args:
            skip_decisions: Whether gates and maskers are left as they are.
            dtype: Of the arithmetic.
            checkpoint: Where the weights are; None for the first of `checkpoints`.
            **arguments: The method's.
        """
        policy = keras.config.dtype_policy()
        keras.config.set_dtype_policy(dtype)
        try:
            model = build_torch_network(self.name, **arguments)
        finally:
            keras.config.set_dtype_policy(policy)
        sact_keras.load_checkpoint(
            model,
            checkpoint or self.checkpoints[0],
            skip_decisions=skip_decisions,
        )
        return model

    def series(self, name, axis=None):
        """The arrays "<name with {} replaced by 0, 1, ...>", as many as there are.

        Args:
            name: With {} in place of a number.
            axis: The axis of their channels, all of one, which is dropped.
        """
        keys, number = [], 0
        while (key := name.format(number)) in self.arrays:
            keys.append(key)
            number += 1
        assert keys, f"the case has no {name}"
        arrays = [self.arrays[key] for key in keys]
        return arrays if axis is None else [a.squeeze(axis) for a in arrays]


def load_case(shared_dir, name):
    """Reads a case; a skip where there is none, or no PyTorch to read its weights."""
    pytest.importorskip("torch", reason="the originals' weights are PyTorch's files")
    directory = shared_dir / "golden" / "torch" / name
    if not directory.is_dir():
        pytest.skip(f"golden case {name!r} is not at hand: no {directory}")
    return TorchCase(
        name=name,
        directory=directory,
        options=json.loads((directory / "case.json").read_text()),
        arrays=load_arrays(directory / "golden.npz"),
    )


def to_nhwc(array):
    return np.moveaxis(array, -3, -1)


def units_of(model):
    return [unit for block in model.blocks for unit in block.units]


def assert_close(name, actual, expected, tolerance):
    """Equal but for rounding, which is held against the largest value."""
    allowed = tolerance * np.abs(expected).max()
    np.testing.assert_allclose(actual, expected, rtol=0, atol=allowed, err_msg=name)


def assert_unit_outputs(case, prefix, outputs, tolerance):
    """Compares what the residual units return with what the case shows of it.

    Args:
        case: The case.
        prefix: Of its keys.
        outputs: One a unit, [N, h, w, channels].
        tolerance: Of `assert_close`.
    """
    compared = 0
    for index, output in enumerate(np.array(output) for output in outputs):
        height, channels = output.shape[1], output.shape[-1]
        shown = {
            "block": output,
            "block_mean": output.mean(axis=(1, 2)),
            "block_img0": output[0],
            # Eight channels and seven positions a side, equally far apart.
            "block_slice": output[
                :, :: height // 7 or 1, :: height // 7 or 1, :: channels // 8
            ],
        }
        for name, actual in shown.items():
            key = f"{prefix}{name}/{index}"
            if key in case.arrays:
                expected = case.arrays[key]
                expected = to_nhwc(expected) if expected.ndim > 2 else expected
                assert_close(key, actual, expected, tolerance)
                compared += 1
    keys = [key for key in case.arrays if key.startswith(f"{prefix}block")]
    assert compared == len(keys) > 0


def variables_under(model, case, prefix):
    """The variables whose values or gradients a case holds.

    Args:
        model: The case's network.
        case: The case.
        prefix: Of its keys; PyTorch's name of the variable follows.

    Returns:
        Key -> (our variable, the case's array in its layout).
    """
    known, found = dict(named_variables(model)), {}
    for key, array in case.arrays.items():
        if key.startswith(prefix):
            variable = known[canonical_name(key.removeprefix(prefix))].variable
            found[key] = variable, to_our_layout(array).reshape(variable.shape)
    return found


def assert_gradients(name, actual, expected, tolerance):
    """Compares the gradients of a tensor by the norm of their difference."""
    error = np.linalg.norm(actual - expected)
    allowed = tolerance * np.linalg.norm(expected)
    assert error <= allowed, f"{name}: {error} is more than {allowed}"
