"""Makes layers in a given dtype policy."""

import contextlib
from collections.abc import Iterator

import keras


@contextlib.contextmanager
def using_dtype_policy(policy: str | keras.DTypePolicy) -> Iterator[None]:
    """Makes layers in a dtype policy, whichever is the global one.

    A model saved under mixed precision is then the same one where it is loaded.

    Args:
        policy: The policy, or its name.

    Example:
        >>> with using_dtype_policy("mixed_bfloat16"):
        ...     layer = keras.layers.Dense(1)
        >>> layer.compute_dtype
        'bfloat16'
    """
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(previous)
