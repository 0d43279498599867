"""How sparse a network's weights are, and how small that makes them."""

import gzip
from typing import Any

import keras
import numpy as np


def describe_weights(model: keras.Model) -> dict[str, Any]:
    """Counts the zeros of a network's kernels, and the bytes of its weights.

    Zeros take as much room as other numbers until they are compressed, which is how
    networks are sent and stored: so what pruning saves is seen in the compressed size.

    Args:
        model: A built network.

    Returns:
        A dictionary that JSON can hold. "num_kernel_weights": weights of all
        convolutions and linear maps; "sparsity": the share of them that is 0, in
        [0, 1]; "weights_bytes": size of all weights, one after the other;
        "weights_gzip_bytes": the same after gzip at its strongest.

    Example:
        >>> model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(64)])
        >>> dense = describe_weights(model)
        >>> model.layers[0].kernel.assign(keras.ops.eye(64)) is None
        False
        >>> pruned = describe_weights(model)
        >>> pruned["num_kernel_weights"], pruned["sparsity"]
        (4096, 0.984375)
        >>> pruned["weights_bytes"] == dense["weights_bytes"]
        True
        >>> pruned["weights_gzip_bytes"] < 0.1 * dense["weights_gzip_bytes"]
        True
    """
    kernels = [
        keras.ops.convert_to_numpy(variable)
        for variable in model.weights
        if variable.name == "kernel"
    ]
    size = sum(kernel.size for kernel in kernels)
    kept = sum(int(np.count_nonzero(kernel)) for kernel in kernels)
    content = b"".join(
        keras.ops.convert_to_numpy(variable).tobytes() for variable in model.weights
    )
    return {
        "num_kernel_weights": size,
        "sparsity": (size - kept) / size if size else 0.0,
        "weights_bytes": len(content),
        "weights_gzip_bytes": len(gzip.compress(content, compresslevel=9, mtime=0)),
    }
