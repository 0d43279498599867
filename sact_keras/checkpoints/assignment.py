"""From a checkpoint's arrays to a model's variables, all or nothing."""

import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import keras
import numpy as np

from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.checkpoints.mismatch import CheckpointMismatchError
from sact_keras.checkpoints.network_description import (
    FREE_UNITS,
    PROGRESS,
    describe_network,
    is_classifier,
    is_decision,
)
from sact_keras.checkpoints.way_out import find_way_out


class Stored(NamedTuple):
    """A model's variable and the shape that a checkpoint stores it in."""

    variable: Any
    shape: tuple[int, ...]


def weights_by_path(model: keras.Model) -> dict[str, keras.Variable]:
    """The model's weights by path, without the model's own name.

    That differs from one model type to the next.
    """
    return {
        variable.path.removeprefix(f"{model.name}/"): variable
        for variable in model.weights
    }


def with_unnamed(model: keras.Model, named: Mapping[str, Stored]) -> dict[str, Stored]:
    """Adds the weights for which an original has no name, under ours.

    None of them is in a checkpoint of the original, so without `skip_decisions` they
    are missing there: gates in a network that the original trains without, for example.
    Weights that tell how far a training is are not the original's, and left aside.

    Args:
        model: A built model.
        named: The original's name -> the variable.
    """
    known = {id(stored.variable) for stored in named.values()}
    unnamed = {
        path: Stored(variable, tuple(variable.shape))
        for path, variable in weights_by_path(model).items()
        if id(variable) not in known and path not in (PROGRESS, FREE_UNITS)
    }
    return {**named, **unnamed}


def assign_variables(
    path: str | os.PathLike,
    variables: Mapping[str, Stored],
    shapes: Mapping[str, tuple[int, ...]],
    read: Callable[[str], np.ndarray],
    *,
    skip_decisions: bool = False,
    only_decisions: bool = False,
    skip_classifier: bool = False,
    note: str | None = None,
) -> None:
    """Assigns a checkpoint's arrays to variables of the same names.

    Names and shapes are compared before anything is read or assigned, so a checkpoint
    that does not fit leaves the model untouched.

    Args:
        path: The checkpoint, for the error.
        variables: Name in the checkpoint -> the model's variable. A stored shape of
            the same size but other dimensions is reshaped.
        shapes: Name -> shape of all that the checkpoint holds for a model.
        read: Reads an array by name.
        skip_decisions: Whether the layers that decide (halting branches, gates,
            maskers, policy networks), the model's and the checkpoint's, are left aside.
        only_decisions: Whether all others are. At most one of the two is true.
        skip_classifier: Whether the layer of the classes, the model's and the
            checkpoint's, is left aside.
        note: What to say where they do not fit; None for what the names tell.

    Raises:
        CheckpointMismatchError: If a variable is missing, unexpected or wrongly shaped,
            or there is none to assign.
        DamagedFileError: If an array is of another type, or holds a NaN or an infinity.
    """
    networks = describe_network(variables), describe_network(shapes)
    if skip_decisions or only_decisions:
        variables = _select(variables, decisions=only_decisions)
        shapes = _select(shapes, decisions=only_decisions)
    if skip_classifier:
        variables = {n: v for n, v in variables.items() if not is_classifier(n)}
        shapes = {n: shape for n, shape in shapes.items() if not is_classifier(n)}
    missing = [name for name in variables if name not in shapes]
    unexpected = sorted(name for name in shapes if name not in variables)
    wrong_shapes = [
        (name, expected, tuple(shapes[name]))
        for name, (_, expected) in variables.items()
        if name in shapes and tuple(shapes[name]) != expected
    ]
    if missing or unexpected or wrong_shapes or (only_decisions and not variables):
        note = note or find_way_out(
            variables,
            shapes,
            wrong_shapes,
            skip_decisions=skip_decisions,
            only_decisions=only_decisions,
        )
        raise CheckpointMismatchError(
            path, missing, unexpected, wrong_shapes, networks=networks, note=note
        )
    arrays = {
        name: _as_value_of(stored.variable, read(name), f"{name} in {path}")
        for name, stored in variables.items()
    }
    for name, array in arrays.items():
        variables[name].variable.assign(array)


def _as_value_of(variable: Any, array: np.ndarray, name: str) -> np.ndarray:
    array = np.asarray(array)
    is_float = keras.backend.is_float_dtype(variable.dtype)
    if array.dtype.kind not in ("f" if is_float else "biu"):
        raise DamagedFileError(
            f"{name} must be of {variable.dtype}. Received: {array.dtype}"
        )
    # What no float32 holds becomes an infinity.
    with np.errstate(over="ignore"):
        is_finite = np.isfinite(array.astype("float32")).all()
    if not is_finite:
        raise DamagedFileError(f"{name} holds a NaN or an infinity")
    return np.reshape(array, variable.shape)


def _select(named: Mapping[str, Any], *, decisions: bool) -> dict[str, Any]:
    """What decides, or all else."""
    return {n: value for n, value in named.items() if is_decision(n) == decisions}
