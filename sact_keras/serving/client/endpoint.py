"""A served model, whatever the protocol."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit

from sact_keras.serving.client.endpoint_error import EndpointError

Answer = dict[str, Any]
"""Name of an output -> its value for one image: numbers, nested lists, bytes."""


class Endpoint(Protocol):
    """Where one model is asked."""

    def predict(
        self,
        signature: str,
        inputs: Mapping[str, Sequence[Any]],
        outputs: Sequence[str],
    ) -> list[Answer]:
        """Runs a signature on a batch.

        Args:
            signature: Its name.
            inputs: Name -> one value for each image: bytes, numbers or nested lists.
            outputs: The names of the outputs that are needed, at least one.

        Returns:
            These outputs, for each image.

        Raises:
            EndpointError: If the server cannot be reached, refuses or answers with
                something else.
        """
        ...


def check_answer(server: str, wanted: Sequence[str], found: Iterable[str]) -> None:
    """Refuses an answer that has not all that was asked for.

    Args:
        server: Where it is from.
        wanted: Names of the outputs that are needed.
        found: Names of those that are there.

    Raises:
        EndpointError: If one is missing.
    """
    if set(wanted) - set(found):
        raise EndpointError(
            f"{server} must answer with {', '.join(wanted)}. Received: "
            f"{', '.join(sorted(found))}"
        )


def connect(
    server: str,
    model_name: str,
    *,
    version: str | None = None,
    timeout_s: float = 60.0,
) -> Endpoint:
    """Chooses the protocol. Nothing is sent yet.

    Args:
        server: `http://host:8501` or `https://...` for REST, `grpc://host:8500` for
            gRPC, without encryption.
        model_name: What the server calls the model.
        version: Number or label of the version; None for the latest.
        timeout_s: Seconds that an answer may take.

    Raises:
        ValueError: If `server` is not of that form.
        MissingExtraError: For gRPC without `tensorflow-serving-api`.

    Example:
        >>> connect("http://localhost:8501", "sact").address
        'http://localhost:8501/v1/models/sact'
    """
    check_server(server)
    # Each imported only when it is used: gRPC's messages import TensorFlow.
    if server.startswith("grpc://"):
        from sact_keras.serving.client.grpc_endpoint import GrpcEndpoint

        return GrpcEndpoint(server, model_name, version=version, timeout_s=timeout_s)
    from sact_keras.serving.client.rest_endpoint import RestEndpoint

    return RestEndpoint(server, model_name, version=version, timeout_s=timeout_s)


def check_server(server: str) -> None:
    """Refuses an address that no protocol is of.

    Raises:
        ValueError: Says what it must be.

    Example:
        >>> check_server("localhost:8501")
        Traceback (most recent call last):
        ValueError: server must be http://host:port, https://host:port or \
grpc://host:port. Received: server='localhost:8501'
    """
    try:
        parts = urlsplit(server)
        known = parts.scheme in ("http", "https", "grpc") and parts.hostname
        # The port is read when it is asked for.
        known = known and (parts.scheme != "grpc" or parts.port is not None)
    except ValueError:
        known = False
    if not known:
        raise ValueError(
            "server must be http://host:port, https://host:port or grpc://host:port. "
            f"Received: server={server!r}"
        )
