"""TensorFlow Serving's gRPC service."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import grpc
import numpy as np
import tensorflow as tf

from sact_keras.serving.client.endpoint import Answer, check_answer
from sact_keras.serving.client.endpoint_error import EndpointError
from sact_keras.serving.serving_api import import_serving_api

# Python's numbers are of 64 bits; signatures take float32.
_DTYPES = {float: tf.float32, bytes: tf.string}

_OPTIONS = (  # Of one message; unless told, gRPC takes 4 MiB.
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
)


class GrpcEndpoint:
    """A model behind the method `Predict`; needs the extra [serving].

    Args:
        server: `grpc://host:port`, without encryption.
        model_name: What the server calls the model.
        version: Number or label of the version; None for the latest.
        timeout_s: Seconds that an answer may take, a connection included.

    Raises:
        MissingExtraError: If `tensorflow-serving-api` is not installed.
    """

    def __init__(
        self,
        server: str,
        model_name: str,
        *,
        version: str | None = None,
        timeout_s: float = 60.0,
    ) -> None:
        self._api = import_serving_api("a client of gRPC")
        self.server = server
        self.model_name = model_name
        self.version = version
        self.timeout_s = timeout_s
        channel = grpc.insecure_channel(urlsplit(server).netloc, options=_OPTIONS)
        service = self._api.prediction_service_pb2_grpc
        self._stub = service.PredictionServiceStub(channel)

    def predict(
        self,
        signature: str,
        inputs: Mapping[str, Sequence[Any]],
        outputs: Sequence[str],
    ) -> list[Answer]:
        """See `Endpoint.predict`."""
        request = self._api.predict_pb2.PredictRequest()
        specification = request.model_spec
        specification.name = self.model_name
        specification.signature_name = signature
        if self.version is not None and self.version.isdecimal():
            specification.version.value = int(self.version)
        elif self.version is not None:
            specification.version_label = self.version
        for name, values in inputs.items():
            message = tf.make_tensor_proto(values, _DTYPES.get(type(values[0])))
            request.inputs[name].CopyFrom(message)
        request.output_filter.extend(outputs)
        try:
            response = self._stub.Predict(request, timeout=self.timeout_s)
        except grpc.RpcError as error:
            raise self._explain(error) from error
        check_answer(self.server, outputs, response.outputs)
        columns = [_to_list(response.outputs[name]) for name in outputs]
        rows = zip(*columns, strict=True)
        return [dict(zip(outputs, row, strict=True)) for row in rows]

    def _explain(self, error: grpc.RpcError) -> EndpointError:
        code, details = error.code(), error.details()
        if code is grpc.StatusCode.UNAVAILABLE:
            return EndpointError(f"{self.server} cannot be reached: {details}")
        if code is grpc.StatusCode.DEADLINE_EXCEEDED:
            return EndpointError(
                f"{self.server} has not answered within {self.timeout_s:g} seconds"
            )
        return EndpointError(
            f"{self.server} answers {code.name}: {details}",
            invalid_request=code is grpc.StatusCode.INVALID_ARGUMENT,
        )


def _to_list(message: Any) -> list[Any]:
    return np.asarray(tf.make_ndarray(message)).tolist()
