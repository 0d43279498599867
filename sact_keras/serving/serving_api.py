"""TensorFlow Serving's protocol buffers, which come with an extra."""

import importlib
from types import SimpleNamespace

from sact_keras.checkpoints.missing_extra_error import MissingExtraError

_MODULES = (
    "get_model_metadata_pb2",
    "get_model_status_pb2",
    "model_service_pb2_grpc",
    "predict_pb2",
    "prediction_log_pb2",
    "prediction_service_pb2_grpc",
)


def import_serving_api(purpose: str) -> SimpleNamespace:
    """Imports the package `tensorflow-serving-api`.

    It imports TensorFlow, whose messages it builds on.

    Args:
        purpose: What it is needed for, as the subject of a sentence.

    Returns:
        Its modules by their names, `predict_pb2` for one.

    Raises:
        MissingExtraError: If it is not installed.

    Example:
        >>> import_serving_api("a request").predict_pb2  # doctest: +SKIP
        <module 'tensorflow_serving.apis.predict_pb2' ...>
    """
    try:
        return SimpleNamespace(
            **{
                name: importlib.import_module(f"tensorflow_serving.apis.{name}")
                for name in _MODULES
            }
        )
    except ImportError as error:
        raise MissingExtraError(
            f"{purpose} needs the messages of TensorFlow Serving: pip install "
            f"'sact_keras[serving]'. Received: {error}"
        ) from error
