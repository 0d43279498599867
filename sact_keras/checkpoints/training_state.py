"""What a training needs besides its weights in order to go on exactly."""

from collections.abc import Sequence

import h5py
import keras
import numpy as np

from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.checkpoints.saved_checkpoint import SavedCheckpoint


class NonFiniteWeightsError(ArithmeticError):
    """Weights that must not be saved: they hold a NaN or an infinity."""


def refuse_non_finite(model: keras.Model, step: int) -> None:
    """Checks that a compiled model and its optimizer are worth saving.

    Raises:
        NonFiniteWeightsError: If a value is not finite; names the variable.
    """
    for variable in (*model.weights, *model.optimizer.variables):
        if not np.all(np.isfinite(keras.ops.convert_to_numpy(variable))):
            raise NonFiniteWeightsError(
                f"not saved at step {step}: {variable.path} holds a NaN or an infinity"
            )


def random_states(model: keras.Model) -> list[list[int]]:
    """States of a model's seed generators, which Keras saves in no file."""
    return [
        keras.ops.convert_to_numpy(variable).tolist()
        for variable in random_variables(model)
    ]


def restore_training_state(model: keras.Model, checkpoint: SavedCheckpoint) -> None:
    """Restores the optimizer and the seed generators of a compiled model.

    Raises:
        DamagedFileError: If the checkpoint was made with others.
    """
    optimizer = model.optimizer
    if not optimizer.built:
        optimizer.build(model.trainable_variables)
    owners = {
        "the optimizer": (optimizer.variables, _read_optimizer(checkpoint)),
        "seed generators": (
            random_variables(model),
            [np.asarray(state) for state in checkpoint.random_states],
        ),
    }
    for owner, (variables, values) in owners.items():
        _check_shapes(checkpoint, owner, variables, values)
    for variables, values in owners.values():
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value.astype(variable.dtype))


def random_variables(model: keras.Model) -> list[keras.Variable]:
    """The states of a model's seed generators, as variables."""
    weights = {id(variable) for variable in model.weights}
    return [variable for variable in model.variables if id(variable) not in weights]


def _read_optimizer(checkpoint: SavedCheckpoint) -> list[np.ndarray]:
    with h5py.File(checkpoint.weights_path, "r") as file:
        group = file.get("optimizer/vars", {})
        return [group[str(index)][()] for index in range(len(group))]


def _check_shapes(
    checkpoint: SavedCheckpoint,
    owner: str,
    variables: Sequence[keras.Variable],
    values: Sequence[np.ndarray],
) -> None:
    expected = [tuple(variable.shape) for variable in variables]
    found = [value.shape for value in values]
    if expected != found:
        raise DamagedFileError(
            f"checkpoint {checkpoint.path} must hold the state of {owner} in "
            f"{len(expected)} variables of the model's shapes. Received: {len(found)}"
        )
