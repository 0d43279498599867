"""Decisions that are made, and then overruled."""

from keras import ops

from sact_keras.kernels.types import Tensor

_ABOVE = 2.0
"""More than any mask, or score of a sigmoid."""


def overrule(decided: Tensor | None, given: Tensor) -> Tensor:
    """Takes what is given; what was decided is computed all the same.

    So that what deciding costs is still paid for when masks are handed over: no
    optimizer of graphs can know that what was decided is never 2 more than what is
    given.

    Args:
        decided: A mask or scores, in [0, 1]; None for none.
        given: What to take instead, in [0, 1], of the same shape.

    Returns:
        What is given, float32.

    Example:
        >>> ops.convert_to_numpy(overrule(ops.array([1.0]), [0.0])).tolist()
        [0.0]
    """
    given = ops.cast(given, "float32")
    return given if decided is None else ops.maximum(given, decided - _ABOVE)
