"""Shows what layers return while a network that holds them runs."""

import contextlib
import functools

import keras
import pytest


@contextlib.contextmanager
def recorded(layers):
    """What layers return from now on, as a list that grows with every call.

    Args:
        layers: Layers, built already; None among them is passed over.

    Yields:
        The list, in the order of the calls.
    """
    results = []

    def recording(call):
        @functools.wraps(call)
        def record(*arguments, **keywords):
            result = call(*arguments, **keywords)
            # A copy, because whoever called may take a dictionary apart.
            results.append(keras.tree.map_structure(lambda value: value, result))
            return result

        return record

    with pytest.MonkeyPatch.context() as patch:
        for layer in layers:
            if layer is not None:
                patch.setattr(layer, "call", recording(layer.call))
        yield results
