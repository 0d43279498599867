"""How many classes a checkpoint's network tells apart."""

import os

from sact_keras.checkpoints.model_config import checkpoint_model_config
from sact_keras.checkpoints.pytorch_files import is_pytorch_file
from sact_keras.checkpoints.pytorch_names import canonical_name
from sact_keras.checkpoints.pytorch_state import read_state_dict
from sact_keras.checkpoints.sact import find_tensorflow_checkpoint
from sact_keras.checkpoints.tensorflow_files import TensorFlowFiles

_TENSORFLOW_LOGITS, _PYTORCH_LOGITS = "/logits/biases", "fc.bias"


def checkpoint_num_classes(path: str | os.PathLike) -> int | None:
    """Reads how many classes a checkpoint's network has, ours or an original's.

    Originals' checkpoints hold no configuration, and one that was finetuned on other
    images has other classes than its data set: only the last layer's bias knows.

    Args:
        path: As for `load_checkpoint`.

    Returns:
        The number; None where nothing tells.

    Raises:
        DamagedFileError: If the file cannot be read.
        FileNotFoundError: If there is no checkpoint at `path`.
        MissingExtraError: If it is of PyTorch, which is not installed.

    Example:
        >>> import sact_keras
        >>> model = sact_keras.build_model("vanilla", model="1", num_classes=7)
        >>> model.save("seven.keras")
        >>> checkpoint_num_classes("seven.keras")
        7
    """
    if is_pytorch_file(path):
        return _length(
            {
                canonical_name(name): tuple(tensor.shape)
                for name, tensor in read_state_dict(path).items()
                if hasattr(tensor, "shape")
            },
            _PYTORCH_LOGITS,
        )
    prefix = find_tensorflow_checkpoint(path)
    if prefix is not None:
        return _length(_tensorflow_shapes(prefix), _TENSORFLOW_LOGITS)
    config = checkpoint_model_config(path)
    return None if config is None else config.get("num_classes")


def _tensorflow_shapes(prefix: str) -> dict[str, tuple[int, ...]]:
    import tensorflow as tf

    files = TensorFlowFiles.find(prefix)
    if files is None:
        return {}
    try:
        shapes = files.open_reader().get_variable_to_shape_map()
    except (tf.errors.OpError, IndexError, RuntimeError, ValueError):
        return {}  # Who loads the weights says what is wrong.
    return {name: tuple(shape) for name, shape in shapes.items()}


def _length(shapes: dict[str, tuple[int, ...]], name: str) -> int | None:
    """The length of the only vector whose name ends like that."""
    # PyTorch's "fc.bias" is a name, and gates have some that end like it.
    found = [
        shape
        for key, shape in shapes.items()
        if (key == name or (name.startswith("/") and key.endswith(name)))
        and "halting_proba" not in key
    ]
    return found[0][0] if len(found) == 1 and len(found[0]) == 1 else None
