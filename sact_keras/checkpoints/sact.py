"""Reads the TensorFlow 1 checkpoints of the original SACT project.

A checkpoint holds the variables of a TF-Slim graph by name; here each name is given
the variable of ours that means the same. Optimizer slots and exponential averages,
which training checkpoints have and published ones have not, are passed over.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np

from sact_keras.checkpoints.assignment import Stored, assign_variables

_NOT_WEIGHTS = re.compile(
    r"(^|/)(global_step|Momentum|ExponentialMovingAverage|Adam(_1)?|beta[12]_power)$"
)
_HALTING = "/halting_proba/"


def find_tensorflow_checkpoint(path: str | os.PathLike) -> str | None:
    """The prefix of the TensorFlow checkpoint at `path`, or None if there is none.

    Args:
        path: A directory with a `checkpoint` file, which names the latest; a prefix
            ("model.ckpt-1234"); or one of the files that begin with it.

    Raises:
        FileNotFoundError: If a directory's `checkpoint` file names one whose files are
            not there.
    """
    path = Path(path)
    if path.is_dir():
        state = path / "checkpoint"
        if not state.is_file():
            return None
        named = re.search(
            r'^model_checkpoint_path:\s*"(.+)"', state.read_text(), re.MULTILINE
        )
        if not named:
            return None
        # A copied directory still names the place it was written in.
        prefix = path / Path(named[1]).name
        if find_tensorflow_checkpoint(prefix) is None:
            raise FileNotFoundError(
                f"{state} names the checkpoint {named[1]!r}, whose files are not in "
                f"{path}"
            )
        return str(prefix)
    prefix = re.sub(r"\.(index|meta|data-\d{5}-of-\d{5})$", "", str(path))
    if Path(f"{prefix}.index").is_file():
        return prefix
    # Version 1 of the format is one file of the prefix's own name.
    return prefix if ".ckpt" in path.name and path.is_file() else None


def load_sact(
    model: keras.Model, prefix: str | os.PathLike, *, skip_halting: bool = False
) -> None:
    """Loads a checkpoint of the original SACT project.

    Args:
        model: A model of `build_model` of the "sact" variant.
        prefix: The checkpoint's prefix, as from `find_tensorflow_checkpoint`.
        skip_halting: Whether the halting branches are left as they are, to start an
            adaptive model from a vanilla one.

    Raises:
        CheckpointMismatchError: If the checkpoint is of another architecture.
        ValueError: If the files cannot be read, or the model is not of that variant.
    """
    import tensorflow as tf

    if model.variant != "sact":
        raise ValueError(
            "A checkpoint of the SACT project needs a model of variant 'sact'. "
            f"Received: variant={model.variant!r}"
        )
    # The reader turns some of TensorFlow's errors into Python's own.
    unreadable = (tf.errors.OpError, IndexError, RuntimeError, ValueError)
    try:
        reader = tf.train.load_checkpoint(os.fspath(prefix))
        shapes = {
            name: tuple(shape)
            for name, shape in reader.get_variable_to_shape_map().items()
            if not _NOT_WEIGHTS.search(name)
        }
    except unreadable as error:
        raise _unreadable(prefix, error) from error
    variables = dict(named_variables(model))
    if skip_halting:
        variables = {k: v for k, v in variables.items() if _HALTING not in k}
        shapes = {k: v for k, v in shapes.items() if _HALTING not in k}

    def read(name: str) -> np.ndarray:
        # The index alone opens without a complaint: the data is looked for here.
        try:
            return reader.get_tensor(name)
        except unreadable as error:
            raise _unreadable(prefix, error) from error

    assign_variables(prefix, variables, shapes, read)


def named_variables(model: keras.Model) -> Iterator[tuple[str, Stored]]:
    """A model's variables under the names that the original's graph gives them.

    Args:
        model: A model of `build_model` of the "sact" variant.

    Yields:
        (name, the variable and the shape that a checkpoint stores it in).

    Example:
        >>> import sact_keras
        >>> model = sact_keras.build_model("vanilla", model="1", base_channels=4)
        >>> name, stored = next(named_variables(model))
        >>> name, stored.shape
        ('resnet_residual/Conv/weights', (3, 3, 3, 4))
    """
    root = "resnet_residual"
    yield from _convolution(f"{root}/Conv", model.stem.conv)
    for name, block in zip(model.block_names, model.blocks, strict=True):
        for index, unit in enumerate(block.units):
            scope = f"{root}/{name}/unit_{index + 1}"
            yield from _norm(f"{scope}/residual/preact", unit.preact)
            yield from _convolution(f"{scope}/residual/conv1", unit.conv1)
            yield from _norm(f"{scope}/residual/conv1/BatchNorm", unit.conv1_norm)
            yield from _convolution(f"{scope}/residual/conv2", unit.conv2)
        for index, branch in enumerate(getattr(block.decision, "branches", ())):
            scope = f"{root}/{name}/unit_{index + 1}{_HALTING}"
            if block.decision.spatial:
                yield from _norm(f"{scope}local_bn", branch.local_bn)
                yield from _convolution(f"{scope}local_conv", branch.local_conv)
            yield from _norm(f"{scope}global_bn", branch.global_bn)
            yield from _convolution(f"{scope}global_conv", branch.global_conv)
    yield from _norm(f"{root}/BatchNorm", model.head.norm)
    yield from _convolution(f"{root}/logits", model.head.logits)


def _unreadable(prefix: str | os.PathLike, error: Exception) -> ValueError:
    return ValueError(f"{os.fspath(prefix)} is not a readable checkpoint: {error}")


def _convolution(scope: str, layer: Any) -> Iterator[tuple[str, Stored]]:
    # What we hold as a linear map of pooled features, TF-Slim stores as a 1x1 kernel.
    shape = tuple(layer.kernel.shape)
    yield f"{scope}/weights", Stored(layer.kernel, (1, 1, *shape)[-4:])
    if layer.use_bias:
        yield f"{scope}/biases", Stored(layer.bias, tuple(layer.bias.shape))


def _norm(scope: str, layer: Any) -> Iterator[tuple[str, Stored]]:
    for name in ("beta", "gamma", "moving_mean", "moving_variance"):
        variable = getattr(layer, name)
        yield f"{scope}/{name}", Stored(variable, tuple(variable.shape))
