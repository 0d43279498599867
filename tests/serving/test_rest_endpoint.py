import math
import socket

import pytest
import requests
from serving.tiny_server import MODEL_NAME, serve_tiny_model, write_pictures

from sact_keras.serving.client.endpoint import check_server, connect
from sact_keras.serving.client.endpoint_error import EndpointError
from sact_keras.serving.client.rest_endpoint import RestEndpoint


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serve_tiny_model(tmp_path_factory.mktemp("tiny")) as server:
        yield server


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    paths = write_pictures(tmp_path_factory.mktemp("pictures"))
    return [path.read_bytes() for path in paths]


def refusal(endpoint, signature="serve_bytes", inputs=None, outputs=("flops",)):
    with pytest.raises(EndpointError) as caught:
        endpoint.predict(signature, inputs or {"image_bytes": [b"x"]}, outputs)
    return caught.value


def test_bytes_and_numbers_travel(server, images):
    endpoint = connect(server.url, MODEL_NAME)
    answers = endpoint.predict(
        "serve_bytes_with_budget",
        {"image_bytes": images, "compute_budget": [0.5, 1.0, 2.0]},
        ["flops", "classes"],
    )
    assert answers == [
        {"flops": 64, "classes": [2, 1]},
        {"flops": 128, "classes": [1, 0]},
        {"flops": 256, "classes": [0, 1]},
    ]
    signature, inputs = server.requests[-1]
    assert signature == "serve_bytes_with_budget"
    assert list(inputs["image_bytes"]) == images


def test_a_picture_comes_back_as_bytes_although_it_is_not_named(server, images):
    endpoint = connect(server.url, MODEL_NAME)
    answers = endpoint.predict(
        "ponder_map_bytes", {"image_bytes": images[:2]}, ["heatmap_bytes"]
    )
    assert [answer["heatmap_bytes"][:4] for answer in answers] == [b"\x89PNG"] * 2


def test_an_infinite_budget_travels(server, images):
    endpoint = connect(server.url, MODEL_NAME)
    inputs = {"image_bytes": images[:1], "compute_budget": [math.inf]}
    (answer,) = endpoint.predict("serve_bytes_with_budget", inputs, ["num_units"])
    assert answer == {"num_units": math.inf}


@pytest.mark.parametrize(
    ("version", "units"), [(None, 6.0), ("2", 6.0), ("1", 3.0), ("stable", 3.0)]
)
def test_a_version_is_asked_by_number_or_label(server, images, version, units):
    endpoint = connect(server.url, MODEL_NAME, version=version)
    inputs = {"image_bytes": images[:1]}
    assert endpoint.predict("serve_bytes", inputs, ["num_units"]) == [
        {"num_units": units}
    ]


def test_the_servers_own_words_are_handed_on(server):
    error = refusal(RestEndpoint(server.url, "other"))
    assert "HTTP 404: Servable not found for request: Latest(other)" in str(error)
    assert not error.invalid_request
    error = refusal(RestEndpoint(server.url, MODEL_NAME), signature="none")
    assert 'HTTP 400: Serving signature name: "none" not found' in str(error)
    assert error.invalid_request


def test_outputs_that_a_signature_has_not(server, images):
    endpoint = RestEndpoint(server.url, MODEL_NAME)
    error = refusal(endpoint, inputs={"image_bytes": images}, outputs=["logits"])
    assert "must answer with logits. Received: classes, flops" in str(error)


def test_nobody_listens():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    error = refusal(RestEndpoint(f"http://127.0.0.1:{port}", MODEL_NAME))
    assert f":{port} cannot be reached: " in str(error)
    assert str(error).endswith("Connection refused")


def test_a_server_that_keeps_silent():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        error = refusal(RestEndpoint(url, MODEL_NAME, timeout_s=0.1))
    assert str(error) == f"{url} has not answered within 0.1 seconds"


@pytest.mark.parametrize(
    ("code", "body", "message"),
    [
        (200, b"<html>", "must answer as TensorFlow Serving does. Received: HTTP 200"),
        (502, b"<html>", "Received: HTTP 502 and '<html>'"),
        (200, b"[1]", "must answer as TensorFlow Serving does"),
        (200, b'{"outputs": [1]}', "a prediction for each of 1 images"),
        (200, b'{"predictions": [1, 2]}', "a prediction for each of 1 images"),
        (503, b'{"message": "busy"}', "answers HTTP 503: Service Unavailable"),
    ],
)
def test_servers_of_another_kind(monkeypatch, code, body, message):
    response = requests.Response()
    response.status_code, response._content = code, body
    response.reason = "Service Unavailable"
    monkeypatch.setattr(requests.Session, "post", lambda *_, **__: response)
    assert message in str(refusal(RestEndpoint("http://host", MODEL_NAME)))


def test_names_are_quoted():
    endpoint = RestEndpoint("https://host/proxy/", "a/b", version="c d")
    assert endpoint.address == "https://host/proxy/v1/models/a%2Fb/labels/c%20d"


@pytest.mark.parametrize(
    "server",
    ["localhost:8501", "ftp://host", "http://", "grpc://host", "grpc://h:x", "", "//h"],
)
def test_addresses_of_no_protocol_are_refused(server):
    with pytest.raises(ValueError, match="server must be http://host:port"):
        check_server(server)
