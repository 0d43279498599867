"""Converts a network to a TensorFlow Lite file."""

import logging
import re
import tempfile
from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.lite.python.convert import ConverterError

from sact_keras.compression.quantizations import QUANTIZATIONS
from sact_keras.compression.tflite_bias import correct_biases
from sact_keras.compression.tflite_error import TFLiteError
from sact_keras.compression.tflite_graph import make_tflite_graph, to_pixels
from sact_keras.compression.tflite_int8 import quantize_to_int8
from sact_keras.files.errors_named import errors_named
from sact_keras.models import AdaptiveResNet

_UNSUPPORTED = re.compile(r"'(tf\.\w+)'")
"""How the converter writes the operations that it refuses."""


def convert_to_tflite(
    model: AdaptiveResNet,
    image_size: tuple[int, int],
    *,
    quantization: str = "none",
    calibration_images: np.ndarray | None = None,
    preprocessing: str | None = None,
    batch_size: int = 1,
) -> bytes:
    """Converts a network, with the preparation of its images, to TensorFlow Lite.

    The file needs nothing but TensorFlow Lite's own operations, and nothing of this
    package. It takes pixels as a camera or a decoder gives them and computes what the
    masked executor does: everything, times the masks. What an adaptive network saves is
    reported, not saved. `TFLiteModel` runs it.

    Args:
        model: A network of `build_model`, built, of any method.
        image_size: (height, width) in pixels, at which all images come.
        quantization: "none" keeps float32. "float16" halves the weights. "dynamic"
            stores weights in 8 bits and quantizes features as they come. "int8"
            computes the convolutions of the residual units in 8-bit integers, weights
            with a scale for each output channel; what is little work, and where 8 bits
            cost accuracy, stays in float32 (see `quantize_to_int8`).
        calibration_images: With "int8": pixels in [0, 255], [n, height, width, 3], of
            what the network was trained on, which tell how large features become. A few
            hundred will do.
        preprocessing: Whose preparation of the images, as `--preprocessing` has it;
            None for that of the network's original.
        batch_size: Images that one call takes.

    Returns:
        The file's content. Its signature takes `images`, uint8 [batch_size, height,
        width, 3], RGB, and returns what `make_tflite_graph` lists.

    Raises:
        TFLiteError: If TensorFlow Lite cannot do what the network does; says what.
        ValueError: If an argument is unknown or out of range.

    Example:
        >>> import sact_keras
        >>> model = sact_keras.build_model("aig", model="1", base_channels=4)
        >>> content = convert_to_tflite(model, (32, 32), quantization="float16")
        >>> content[4:8]
        b'TFL3'
    """
    _check(quantization, image_size, calibration_images, batch_size)
    graph = make_tflite_graph(
        model, image_size, preprocessing=preprocessing, batch_size=batch_size
    )
    calibration = None
    if quantization == "int8":
        calibration = _batches(calibration_images, batch_size)
    return convert_graph(graph, quantization, calibration)


def convert_graph(
    graph: Any, quantization: str, calibration: Iterable[np.ndarray] | None = None
) -> bytes:
    """Converts a graph of `make_tflite_graph`.

    Args:
        graph: The `ConcreteFunction`.
        quantization: One of `QUANTIZATIONS`.
        calibration: With "int8": batches of what the graph takes.

    Raises:
        TFLiteError: If TensorFlow Lite has no such operation; names it.
    """
    # The second argument would be saved, had the graph variables.
    converter = tf.lite.TFLiteConverter.from_concrete_functions([graph], tf.Module())
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    if quantization != "none":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantization == "float16":
        converter.target_spec.supported_types = [tf.float16]
    # Which writes where the temporary directory is.
    logging.getLogger("tensorflow").setLevel(logging.WARNING)
    try:
        # The converter saves the graph where temporary files are.
        with errors_named(tempfile.gettempdir(), tf.errors.OpError):
            if quantization == "int8":
                batches = list(calibration)
                content = quantize_to_int8(converter, batches)
                return correct_biases(content, convert_graph(graph, "none"), batches)
            return converter.convert()
    except ConverterError as error:
        names = sorted(set(_UNSUPPORTED.findall(str(error))))
        raise TFLiteError(
            "the network must be of operations that TensorFlow Lite has of its own; "
            "export it with export.saved_model instead, which takes all of them. "
            f"Received: {', '.join(names) or str(error).splitlines()[0]}"
        ) from error


def _check(
    quantization: str,
    image_size: tuple[int, int],
    calibration_images: np.ndarray | None,
    batch_size: int,
) -> None:
    if quantization not in QUANTIZATIONS:
        raise ValueError(
            f"quantization must be one of {', '.join(QUANTIZATIONS)}. "
            f"Received: quantization={quantization!r}"
        )
    if batch_size < 1:
        raise ValueError(
            f"batch_size must be at least 1. Received: batch_size={batch_size}"
        )
    if len(image_size) != 2 or min(image_size) < 1:
        raise ValueError(
            "image_size must be a height and a width, at least 1 each. "
            f"Received: image_size={image_size!r}"
        )
    if (quantization == "int8") != (calibration_images is not None):
        raise ValueError(
            "calibration_images must be given with quantization='int8', and with no "
            f"other. Received: quantization={quantization!r} "
            f"{'without' if calibration_images is None else 'with'} them"
        )
    if calibration_images is None:
        return
    shape = np.shape(calibration_images)
    if shape[1:] != (*image_size, 3) or not shape[0]:
        raise ValueError(
            "calibration_images must be at least one image of image_size, "
            f"[n, {image_size[0]}, {image_size[1]}, 3]. Received: shape {shape}"
        )


def _batches(images: np.ndarray, batch_size: int) -> Iterable[np.ndarray]:
    """Whole batches; the first images come again where the last is not full."""
    pixels = to_pixels(images)
    number = -(-len(pixels) // batch_size) * batch_size
    pixels = np.resize(pixels, (number, *pixels.shape[1:]))
    return np.split(pixels, number // batch_size)
