"""Runs a TensorFlow Lite file."""

import importlib
import importlib.util
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np


class TFLiteModel:
    """A TensorFlow Lite file as a function of images.

    It is run by LiteRT (`pip install ai-edge-litert`), the newer name and home of
    TensorFlow Lite's interpreter, where that is installed, and else by the interpreter
    that TensorFlow still brings.

    Args:
        source: The file, or its content.
        num_threads: Threads of the interpreter; None for its own choice.

    Attributes:
        batch_size: Images of one call of the interpreter.
        image_size: (height, width) in pixels.

    Raises:
        ValueError: If it is no TensorFlow Lite file that takes images.
        OSError: If it cannot be read.

    Example:
        >>> import sact_keras
        >>> from sact_keras.compression import convert_to_tflite
        >>> model = sact_keras.build_model("aig", model="1", base_channels=4)
        >>> run = TFLiteModel(convert_to_tflite(model, (32, 32)))
        >>> outputs = run(np.zeros((3, 32, 32, 3), np.uint8))
        >>> {name: value.shape for name, value in sorted(outputs.items())}
        {'flops': (3,), 'num_units': (3,), 'probabilities': (3, 10)}
    """

    def __init__(
        self, source: bytes | str | os.PathLike[str], num_threads: int | None = None
    ) -> None:
        content = source if isinstance(source, bytes) else Path(source).read_bytes()
        try:
            self._interpreter = _make_interpreter(content, num_threads)
            self._run = self._interpreter.get_signature_runner()
            ((self._input_name, self._input),) = self._run.get_input_details().items()
            batch_size, *image_size, _ = (int(side) for side in self._input["shape"])
        except (ValueError, RuntimeError) as error:
            raise ValueError(
                "source must be a TensorFlow Lite file with one signature, of images. "
                f"Received: {error}"
            ) from error
        self._outputs = self._run.get_output_details()
        self.batch_size = batch_size
        self.image_size = tuple(image_size)

    def __call__(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Runs any number of images.

        Args:
            images: Pixels in [0, 255], [N, height, width, 3], of any type.

        Returns:
            Name of an output -> its values for all images, [N, ...]. What the file has
            as scaled integers, as the numbers that they stand for, float32.

        Raises:
            ValueError: If the images are of another shape.
        """
        images = np.asarray(images)
        if images.shape[1:] != (*self.image_size, 3) or not len(images):
            raise ValueError(
                f"images must be of shape [N, {self.image_size[0]}, "
                f"{self.image_size[1]}, 3]. Received: shape {images.shape}"
            )
        batches = [
            self._run_batch(images[begin : begin + self.batch_size])
            for begin in range(0, len(images), self.batch_size)
        ]
        return {
            name: np.concatenate([batch[name] for batch in batches])
            for name in batches[0]
        }

    def _run_batch(self, images: np.ndarray) -> dict[str, np.ndarray]:
        missing = self.batch_size - len(images)
        full = np.pad(images, [(0, missing), (0, 0), (0, 0), (0, 0)], mode="edge")
        given = {self._input_name: _to_input(full, self._input)}
        # Copied: the interpreter writes the next answer to the same place.
        return {
            name: np.array(_to_real(value, self._outputs[name]))[: len(images)]
            for name, value in self._run(**given).items()
        }


def _make_interpreter(content: bytes, num_threads: int | None) -> Any:
    if importlib.util.find_spec("ai_edge_litert") is not None:
        litert = importlib.import_module("ai_edge_litert.interpreter")
        return litert.Interpreter(model_content=content, num_threads=num_threads)
    import tensorflow as tf

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*tf.lite.Interpreter is deprecated")
        return tf.lite.Interpreter(model_content=content, num_threads=num_threads)


def _to_input(values: np.ndarray, details: dict[str, Any]) -> np.ndarray:
    """Values as a tensor has them, by its scale and zero point if it has any."""
    dtype, (scale, zero_point) = details["dtype"], details["quantization"]
    if scale:
        values = values / scale + zero_point
    if np.issubdtype(dtype, np.integer):
        limits = np.iinfo(dtype)
        values = np.clip(np.rint(values), limits.min, limits.max)
    return values.astype(dtype)


def _to_real(values: np.ndarray, details: dict[str, Any]) -> np.ndarray:
    """The numbers that a tensor's values stand for."""
    scale, zero_point = details["quantization"]
    if not scale:
        return values
    return ((values.astype(np.float32) - zero_point) * scale).astype(np.float32)
