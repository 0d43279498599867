"""TensorFlow Serving's REST API."""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import requests

from sact_keras.serving.client.endpoint import Answer, check_answer
from sact_keras.serving.client.endpoint_error import EndpointError


class RestEndpoint:
    """A model behind `POST http://host:8501/v1/models/NAME:predict`.

    Bytes travel as `{"b64": ...}`, in both directions. Connections are kept.

    Args:
        server: `http://host:port`, a path may follow.
        model_name: What the server calls the model.
        version: Number or label of the version; None for the latest.
        timeout_s: Seconds that an answer may take.

    Attributes:
        address: Of the model, to which methods are appended.

    Example:
        >>> endpoint = RestEndpoint("http://localhost:8501", "sact", version="3")
        >>> endpoint.address
        'http://localhost:8501/v1/models/sact/versions/3'
    """

    def __init__(
        self,
        server: str,
        model_name: str,
        *,
        version: str | None = None,
        timeout_s: float = 60.0,
    ) -> None:
        self.server = server.rstrip("/")
        self.address = f"{self.server}/v1/models/{quote(model_name, safe='')}"
        if version is not None:
            kind = "versions" if version.isdecimal() else "labels"
            self.address += f"/{kind}/{quote(version, safe='')}"
        self.timeout_s = timeout_s
        self._session = requests.Session()

    def predict(
        self,
        signature: str,
        inputs: Mapping[str, Sequence[Any]],
        outputs: Sequence[str],
    ) -> list[Answer]:
        """See `Endpoint.predict`."""
        rows = zip(*inputs.values(), strict=True)
        body = {
            "signature_name": signature,
            "instances": [
                {name: _encode(value) for name, value in zip(inputs, row, strict=True)}
                for row in rows
            ],
        }
        predictions = self._post(body).get("predictions")
        number = len(body["instances"])
        if not isinstance(predictions, list) or len(predictions) != number:
            raise EndpointError(
                f"{self.server} must answer with a prediction for each of {number} "
                f"images. Received: {str(predictions)[:100]}"
            )
        return [self._read(prediction, outputs) for prediction in predictions]

    def _post(self, body: dict[str, Any]) -> dict[str, Any]:
        try:
            response = self._session.post(
                f"{self.address}:predict",
                # Not as `json=`, which refuses the infinity that a budget may be.
                data=json.dumps(body),
                headers={"Content-Type": "application/json"},
                timeout=self.timeout_s,
            )
        except requests.Timeout as error:
            raise EndpointError(
                f"{self.server} has not answered within {self.timeout_s:g} seconds"
            ) from error
        except requests.RequestException as error:
            raise EndpointError(
                f"{self.server} cannot be reached: {_reason(error)}"
            ) from error
        try:
            content = response.json()
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise EndpointError(
                f"{self.server} must answer as TensorFlow Serving does. Received: "
                f"HTTP {response.status_code} and {response.text[:100]!r}"
            )
        if not response.ok or "error" in content:
            raise EndpointError(
                f"{self.server} answers HTTP {response.status_code}: "
                f"{content.get('error', response.reason)}",
                invalid_request=response.status_code == requests.codes.bad_request,
            )
        return content

    def _read(self, prediction: Any, outputs: Sequence[str]) -> Answer:
        if not isinstance(prediction, dict) or set(prediction) == {"b64"}:
            # The name is left out where a signature has one output alone.
            prediction = {outputs[0]: prediction}
        check_answer(self.server, outputs, prediction)
        return {name: _decode(prediction[name]) for name in outputs}


def _encode(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"b64": base64.b64encode(value).decode("ascii")}
    return value


def _decode(value: Any) -> Any:
    if isinstance(value, dict):
        return base64.b64decode(value["b64"])
    return value


def _reason(error: requests.RequestException) -> str:
    """The last of the causes, of which the first names objects in memory."""
    cause = error.args[0] if error.args else error
    cause = getattr(cause, "reason", cause)
    return str(cause).rpartition(": ")[2]
