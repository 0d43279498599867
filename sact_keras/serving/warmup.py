"""Requests that TensorFlow Serving answers to itself before it takes any."""

import dataclasses
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from sact_keras.files.atomic_write import atomic_write
from sact_keras.files.errors_named import errors_named
from sact_keras.serving.serving_api import import_serving_api

WARMUP_FILE = Path("assets.extra") / "tf_serving_warmup_requests"
"""Where TensorFlow Serving looks for them, below the version's directory."""

MAXIMUM_REQUESTS = 1000
"""TensorFlow Serving refuses a model with more."""

_NOISE_ROWS = 16  # Few, since each takes space in every request.

_SIGNATURE_INPUTS = ("images", "image_bytes", "compute_budget")


@dataclasses.dataclass(frozen=True)
class WarmupRequest:
    """A request of the gRPC service's method `Predict`.

    Attributes:
        signature: The signature that answers.
        inputs: Name -> value, an array or bytes, with the batch first.
    """

    signature: str
    inputs: Mapping[str, Any]


def make_warmup_requests(
    signatures: Mapping[str, Iterable[str]],
    image_size: tuple[int, int],
    batch_sizes: Sequence[int] = (1, 8),
) -> list[WarmupRequest]:
    """Makes a request for each signature and number of images.

    The first call of a signature optimizes its graph, which takes seconds; what comes
    later of another number of images only allocates, a single image for a graph of its
    own.

    Args:
        signatures: Name -> names of its inputs, of `images`, `image_bytes` and
            `compute_budget`.
        image_size: (height, width) of the images, in pixels.
        batch_sizes: Images of a request; each at least 1.

    Raises:
        ValueError: If a signature has another input, or a batch no images.

    Example:
        >>> requests = make_warmup_requests({"serving_default": ["images"]}, (32, 32))
        >>> [request.inputs["images"].shape for request in requests]
        [(1, 32, 32, 3), (8, 32, 32, 3)]
    """
    if not batch_sizes or min(batch_sizes) < 1:
        raise ValueError(
            "batch_sizes must be numbers of images, each at least 1. Received: "
            f"batch_sizes={batch_sizes!r}"
        )
    return [
        WarmupRequest(name, {key: _make_input(key, image_size, size) for key in inputs})
        for name, inputs in signatures.items()
        for size in batch_sizes
    ]


def write_warmup(
    version_dir: str | os.PathLike[str],
    requests: Iterable[WarmupRequest],
    *,
    model_name: str = "model",
) -> Path:
    """Writes the requests that TensorFlow Serving warms a version up with.

    Args:
        version_dir: The SavedModel's directory.
        requests: At most `MAXIMUM_REQUESTS`.
        model_name: What requests call the model; the server does not look at it.

    Returns:
        The file, which appears whole or not at all: records (TFRecord) of
        `PredictionLog`.

    Raises:
        MissingExtraError: If `tensorflow-serving-api` is not installed.
        ValueError: If there are too many requests.
        OSError: If it cannot be written.
    """
    api = import_serving_api("a file of warm-up requests")
    records = [_serialize(api, request, model_name) for request in requests]
    if len(records) > MAXIMUM_REQUESTS:
        raise ValueError(
            f"requests must be at most {MAXIMUM_REQUESTS}, or TensorFlow Serving "
            f"refuses the model. Received: {len(records)}"
        )
    path = Path(version_dir) / WARMUP_FILE
    path.parent.mkdir(exist_ok=True)
    with (
        errors_named(path, tf.errors.OpError),
        tempfile.TemporaryDirectory(dir=version_dir) as folder,
    ):
        temporary = Path(folder) / path.name  # A writer takes names alone.
        with tf.io.TFRecordWriter(str(temporary)) as writer:
            for record in records:
                writer.write(record)
        atomic_write(path, temporary.read_bytes())
    return path


def _make_input(name: str, image_size: tuple[int, int], size: int) -> Any:
    if name == "compute_budget":
        return np.ones(size, np.float32)
    if name not in _SIGNATURE_INPUTS:
        raise ValueError(
            f"signatures must have inputs of {', '.join(_SIGNATURE_INPUTS)}. "
            f"Received: {name!r}"
        )
    # Noise beside plain gray, so that decisions differ from place to place.
    pixels = np.full((size, *image_size, 3), 128, np.uint8)
    noise = pixels[0, :_NOISE_ROWS]
    noise[:] = np.random.default_rng(0).integers(0, 256, noise.shape)
    if name == "images":
        return pixels.astype(np.float32)
    return np.array([tf.io.encode_png(image).numpy() for image in pixels], object)


def _serialize(api: Any, request: WarmupRequest, model_name: str) -> bytes:
    predict = api.predict_pb2.PredictRequest()
    predict.model_spec.name = model_name
    predict.model_spec.signature_name = request.signature
    for name, value in request.inputs.items():
        predict.inputs[name].CopyFrom(_make_tensor_proto(np.asarray(value)))
    log = api.prediction_log_pb2.PredictionLog()
    log.predict_log.request.CopyFrom(predict)
    return log.SerializeToString()


def _make_tensor_proto(value: np.ndarray) -> Any:
    """A tensor's message, without what its end repeats: a photograph takes 600 kB."""
    if value.dtype != np.float32:
        return tf.make_tensor_proto(value)
    flat = value.ravel()
    different = np.flatnonzero(flat != flat[-1])
    end = different[-1] + 2 if len(different) else 1
    message = tf.make_tensor_proto(flat[:0])
    message.tensor_shape.CopyFrom(tf.TensorShape(value.shape).as_proto())
    message.ClearField("tensor_content")
    message.float_val.extend(flat[:end])
    return message
