"""What has to be set around TensorFlow for speed and for reproducibility."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator

_LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"


def import_tensorflow() -> None:
    """Imports TensorFlow, with what it reads at that moment set for speed and quiet.

    Call it before anything else imports TensorFlow or Keras. Whatever the user has set
    in the environment stays as it is.

    oneDNN's convolutions are off by default on processors without AVX-512, where they
    are half as fast again as TensorFlow's own.
    """
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    # Notices about the machine, printed at every start, would bury our own messages.
    # Some are written before TensorFlow looks at the level that was asked for.
    quiet = _LOG_LEVEL not in os.environ
    os.environ.setdefault(_LOG_LEVEL, "3")
    with _withheld_stderr() if quiet else contextlib.nullcontext():
        import tensorflow  # noqa: F401


@contextlib.contextmanager
def _withheld_stderr() -> Iterator[None]:
    """Withholds what is written to standard error, unless an error comes out."""
    sys.stderr.flush()
    original = os.dup(2)
    with tempfile.TemporaryFile() as withheld:
        os.dup2(withheld.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(original, 2)
            withheld.seek(0)
            os.write(2, withheld.read())
            raise
        finally:
            os.dup2(original, 2)
            os.close(original)


def seed_everything(seed: int) -> None:
    """Makes the run a function of `seed` alone, on one machine's CPU bit by bit.

    Args:
        seed: From 0 to 2**32 - 1. Fixes the initial weights.
    """
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    # This optimizer gathers sums of gradients into sums of many terms, which
    # TensorFlow adds in the order in which its threads finish. Layers see to it that
    # no other sum has more than two (`sact_keras.kernels.fork`).
    tf.config.optimizer.set_experimental_options({"arithmetic_optimization": False})


def choose_jit_compile(option: str = "auto", num_replicas: int = 1) -> bool:
    """Decides whether XLA compiles the training step and the evaluation.

    Args:
        option: "true", "false", or "auto" for what is faster: XLA on a GPU, and on a
            CPU oneDNN's convolutions and fused norms, which XLA would replace by
            slower ones (docs/performance.md).
        num_replicas: Devices that train together. Of several, "auto" leaves XLA off:
            their replicas exchange values in the midst of a step, which it cannot
            compile.

    Returns:
        What to give to `keras.Model.compile(jit_compile=...)`.

    Raises:
        ValueError: If there is no such option.

    Example:
        >>> choose_jit_compile("false")
        False
    """
    if option not in ("auto", "true", "false"):
        raise ValueError(
            "jit_compile must be one of auto, true, false. "
            f"Received: jit_compile={option!r}"
        )
    if option == "auto":
        import tensorflow as tf

        return num_replicas == 1 and bool(tf.config.list_physical_devices("GPU"))
    return option == "true"
