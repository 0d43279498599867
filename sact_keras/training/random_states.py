"""Keeps an evaluation from disturbing the training's noise."""

import contextlib
from collections.abc import Iterator

import keras

from sact_keras.checkpoints.training_state import random_variables


@contextlib.contextmanager
def kept_random_states(model: keras.Model) -> Iterator[None]:
    """Puts a model's seed generators back where they were.

    An evaluation may draw from them (`--gate_eval=sample`). What it draws is then a
    function of the training step alone, and the training goes on as if there had been
    no evaluation.

    Args:
        model: A built model.

    Example:
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dropout(0.5)])
        >>> ones = keras.ops.ones((1, 2))
        >>> with kept_random_states(model):
        ...     first = model(ones, training=True)
        >>> bool(keras.ops.all(model(ones, training=True) == first))
        True
    """
    generators = random_variables(model)
    states = [keras.ops.convert_to_numpy(variable) for variable in generators]
    try:
        yield
    finally:
        for variable, state in zip(generators, states, strict=True):
            variable.assign(state)
