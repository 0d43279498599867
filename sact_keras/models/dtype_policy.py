"""Makes layers in a model's own dtype policy."""

import contextlib
from collections.abc import Iterator

import keras


@contextlib.contextmanager
def dtype_policy_of(model: keras.Model) -> Iterator[None]:
    """Makes layers in the model's dtype policy, whichever is the global one.

    A model saved under mixed precision is then the same one where it is loaded.
    """
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(model.dtype_policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(policy)
