import math
import socket

import pytest
from serving.tiny_server import MODEL_NAME, save_versions, write_pictures

from sact_keras.serving.client.endpoint import connect
from sact_keras.serving.client.endpoint_error import EndpointError

pytest.importorskip("tensorflow_serving", reason="needs the extra [serving]")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    from serving.grpc_server import serve_grpc

    with serve_grpc(save_versions(tmp_path_factory.mktemp("tiny"))) as address:
        yield address


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    paths = write_pictures(tmp_path_factory.mktemp("pictures"))
    return [path.read_bytes() for path in paths]


def test_answers_are_those_of_rest(server, images):
    endpoint = connect(server, MODEL_NAME)
    inputs = {"image_bytes": images, "compute_budget": [0.5, 1.0, math.inf]}
    answers = endpoint.predict(
        "serve_bytes_with_budget", inputs, ["classes", "num_units"]
    )
    assert answers == [
        {"classes": [2, 1], "num_units": 3.0},
        {"classes": [1, 0], "num_units": 6.0},
        {"classes": [0, 1], "num_units": math.inf},
    ]
    (answer,) = endpoint.predict(
        "ponder_map_bytes", {"image_bytes": images[:1]}, ["heatmap_bytes"]
    )
    assert answer["heatmap_bytes"].startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("version", "units"), [(None, 6.0), ("1", 3.0), ("stable", 3.0)]
)
def test_a_version_is_asked_by_number_or_label(server, images, version, units):
    endpoint = connect(server, MODEL_NAME, version=version)
    inputs = {"image_bytes": images[:1]}
    assert endpoint.predict("serve_bytes", inputs, ["num_units"]) == [
        {"num_units": units}
    ]


@pytest.mark.parametrize(
    ("model", "signature", "output", "message", "invalid"),
    [
        ("other", "serve_bytes", "flops", "NOT_FOUND: Servable not found", False),
        (MODEL_NAME, "none", "flops", 'INVALID_ARGUMENT: .*"none" not found', True),
        (MODEL_NAME, "serve_bytes", "logits", "alias not found.* logits", True),
    ],
)
def test_the_servers_own_words_are_handed_on(
    server, images, model, signature, output, message, invalid
):
    endpoint = connect(server, model)
    with pytest.raises(EndpointError, match=message) as caught:
        endpoint.predict(signature, {"image_bytes": images}, [output])
    assert caught.value.invalid_request is invalid


def test_nobody_listens():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    endpoint = connect(f"grpc://127.0.0.1:{port}", MODEL_NAME)
    with pytest.raises(EndpointError, match=f"{port} cannot be reached: .*refused"):
        endpoint.predict("serve_bytes", {"image_bytes": [b"x"]}, ["flops"])


def test_a_server_that_keeps_silent():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"grpc://127.0.0.1:{silent.getsockname()[1]}"
        endpoint = connect(address, MODEL_NAME, timeout_s=0.2)
        with pytest.raises(EndpointError, match=r"not answered within 0\.2 seconds"):
            endpoint.predict("serve_bytes", {"image_bytes": [b"x"]}, ["flops"])
