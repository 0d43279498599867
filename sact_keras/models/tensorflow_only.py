"""The check of what needs one backend of Keras among all."""

import keras


def require_tensorflow(name: str) -> None:
    """Checks that Keras runs on TensorFlow.

    Args:
        name: What needs it, for the message.

    Raises:
        RuntimeError: If Keras runs on another backend.

    Example:
        >>> require_tensorflow("compact")
    """
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            f"{name} needs Keras to run on TensorFlow. "
            f"Received: KERAS_BACKEND={keras.backend.backend()}"
        )
