"""What Keras writes of a model, as bytes rather than as a file."""

import io

import keras

from sact_keras.checkpoints.seal import seal


def encode_model(model: keras.Model, file_name: str) -> bytes | memoryview:
    """The file that Keras would write of a model, with its optimizer if it has one.

    Weights alone are sealed: HDF5 has no checksums of its own, as an archive has.

    Keras writes HDF5, and HDF5 keeps parts of a file until it is closed. Where the disk
    is full then, it cannot close it, tries again when the program ends, and ends it by
    a segmentation fault. So it never writes to a disk here.

    Args:
        model: A built model.
        file_name: What the file will be called: ends in `.weights.h5` for the weights
            alone, in `.keras` for the network as well.

    Returns:
        The file's content.

    Raises:
        ValueError: If the name ends otherwise.

    Example:
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> bytes(encode_model(model, "dense.weights.h5")[513:516])
        b'HDF'
    """
    content = _NamedBytes(file_name)
    if file_name.endswith(".keras"):
        model.save(content)
        return content.getbuffer()
    model.save_weights(content)
    return seal(content.getbuffer())


class _NamedBytes(io.BytesIO):
    """Bytes with the name by which Keras chooses what to write."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def __str__(self) -> str:
        return self._name
