"""Graphs of what modules compute, one for all that are alike."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import tensorflow as tf

from sact_keras.compact.weight import Weight
from sact_keras.kernels.types import Tensor


class SharedGraphs:
    """Runs modules that are alike in one graph, which is handed their weights.

    The 23 units of a block compute the same of other weights. Traced one by one they
    make a graph of ten thousand operations, which takes more memory than what runs
    through it; here each kind is traced once, and called. Modules whose weights are
    constants are not: a graph of their own keeps these in the order that oneDNN likes.

    Example:
        >>> from sact_keras.compact.affine import Affine
        >>> import numpy as np
        >>> shifts = [Affine(None, np.array([value])) for value in (1.0, 2.0)]
        >>> for affine in shifts:
        ...     affine.shift.share()
        >>> graphs = SharedGraphs()
        >>> run = lambda affine, x: affine(x)
        >>> x = tf.zeros((1, 1))
        >>> [graphs.run(run, [shift], x).numpy().item() for shift in shifts]
        [1.0, 2.0]
        >>> len(graphs)
        1
    """

    def __init__(self) -> None:
        self._functions: dict[Any, Callable[..., Any]] = {}

    def __len__(self) -> int:
        """How many kinds there are."""
        return len(self._functions)

    def run(
        self,
        function: Callable[..., Any],
        modules: Sequence[tf.Module | None],
        *arguments: Any,
    ) -> Any:
        """Calls function(*modules, *arguments).

        Args:
            function: What it reads besides its arguments must be the same for all that
                are alike.
            modules: What holds weights.
            arguments: Tensors, nested or not, or None.
        """
        weights = _weights_of(modules)
        if all(weight.variable is None for weight in weights):
            return function(*modules, *arguments)
        kind = (function, _structure(list(modules)))
        if kind not in self._functions:

            def run(values: list[Tensor], arguments: tuple[Any, ...]) -> Any:
                with _standing_in(modules, values):
                    return function(*modules, *arguments)

            self._functions[kind] = tf.function(
                run, autograph=False, experimental_attributes={"_noinline": True}
            )
        values = [weight.read() for weight in weights]
        return self._functions[kind](values, arguments)


@contextlib.contextmanager
def _standing_in(
    modules: Sequence[tf.Module | None], values: Sequence[Tensor]
) -> Iterator[None]:
    """Lets weights read as other values for a while."""
    weights = _weights_of(modules)
    for weight, value in zip(weights, values, strict=True):
        weight.stand_in = value
    try:
        yield
    finally:
        for weight in weights:
            weight.stand_in = None


def _weights_of(modules: Sequence[tf.Module | None]) -> list[Weight]:
    return [
        part
        for module in modules
        if module is not None
        for part in module.submodules
        if isinstance(part, Weight)
    ]


def _structure(value: Any) -> Any:
    """All of a module that decides what it computes, but for the values of weights."""
    if isinstance(value, Weight):
        return value.shape
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return tuple(_structure(item) for item in value)
    public = {k: v for k, v in vars(value).items() if not k.startswith("_")}
    return type(value), tuple((k, _structure(public[k])) for k in sorted(public))
