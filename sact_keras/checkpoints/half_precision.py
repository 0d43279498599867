"""Weights at half their size: kernels in float16, everything else as it was."""

import io

import h5py

from sact_keras.checkpoints.seal import seal


def halve_kernels(content: bytes | memoryview) -> bytes:
    """Rewrites a `.weights.h5` file with its kernels in float16.

    Arrays of two or more dimensions hold almost all of a network's numbers, and only
    they are rounded: biases, batch norms and what counts stay as they are. A file of
    smaller groups, as HDF5 1.8 and later read them, saves some more.

    Args:
        content: What `encode_model` gives for a name that ends in `.weights.h5`.

    Returns:
        A sealed file, which `load_checkpoint` and Keras' own `load_weights` read:
        either turns float16 into the variables' own type.

    Raises:
        ValueError: If a kernel has a number that float16 cannot hold, beyond 65504.

    Example:
        >>> import keras, numpy as np
        >>> from sact_keras.checkpoints.encoding import encode_model
        >>> model = keras.Sequential([keras.Input((512,)), keras.layers.Dense(64)])
        >>> whole = encode_model(model, "dense.weights.h5")
        >>> 0.4 < len(halve_kernels(whole)) / len(whole) < 0.6
        True
    """
    halved = io.BytesIO()
    with (
        h5py.File(io.BytesIO(content), "r") as source,
        h5py.File(halved, "w", libver="latest") as target,
    ):

        def copy(name: str, item: h5py.HLObject) -> None:
            if isinstance(item, h5py.Dataset):
                array = item[()]
                if array.ndim >= 2:
                    if abs(array).max(initial=0) > 65504:
                        raise ValueError(
                            "weights must be within float16's range of 65504. "
                            f"Received: {abs(array).max()} in {name}"
                        )
                    array = array.astype("float16")
                target.create_dataset(name, data=array)
                return
            group = target.require_group(name)
            for key, value in item.attrs.items():
                group.attrs[key] = value

        source.visititems(copy)
    return seal(halved.getbuffer())
