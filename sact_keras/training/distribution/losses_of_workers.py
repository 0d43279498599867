"""Notices that a process of the training is lost."""

import contextlib
from collections.abc import Iterator

import tensorflow as tf

from sact_keras.training.distribution.lost_worker_error import LostWorkerError

_ABORTED = "Collective ops is aborted by:"
"""Where TensorFlow begins to say what has ended an exchange between processes."""

_UNREACHABLE = (tf.errors.UnavailableError, tf.errors.AbortedError)


@contextlib.contextmanager
def losses_of_workers() -> Iterator[None]:
    """Says in a sentence that a process was lost, where TensorFlow says it in many.

    TensorFlow notices it at once if the process has ended, and after ten seconds if its
    machine is silent.

    Raises:
        LostWorkerError: In place of what TensorFlow raises.
    """
    try:
        yield
    except tf.errors.OpError as error:
        _, aborted, reason = error.message.partition(_ABORTED)
        if not (aborted or isinstance(error, _UNREACHABLE)):
            raise
        reason = (reason or error.message).strip().splitlines()[0].rstrip(":")
        raise LostWorkerError(
            "another process of the training was lost, and this one cannot go on "
            "without it. Start all of them again with the same command: the training "
            f"goes on from its last checkpoint. TensorFlow says: {reason}"
        ) from error
