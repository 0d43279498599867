"""The test server itself: what clients are tested against answers as the real one."""

import base64
import json
import re

import pytest
import requests
from serving.tiny_server import serve_tiny_model, write_pictures


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serve_tiny_model(tmp_path_factory.mktemp("tiny")) as server:
        yield server


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    paths = write_pictures(tmp_path_factory.mktemp("pictures"))
    return [{"b64": base64.b64encode(path.read_bytes()).decode()} for path in paths]


@pytest.fixture
def post(server):
    """A function from a body and a model's address to (HTTP status, answer)."""

    def send(body, address="tiny"):
        data = body if isinstance(body, str) else json.dumps(body)
        url = f"{server.url}/v1/models/{address}:predict"
        response = requests.post(url, data=data, timeout=30)
        return response.status_code, response.json()

    return send


def test_rows_are_answered_in_rows(post, pictures):
    instances = [{"image_bytes": picture} for picture in pictures]
    code, answer = post({"signature_name": "serve_bytes", "instances": instances})
    assert code == 200
    assert [row["classes"] for row in answer["predictions"]] == [[2, 1], [1, 0], [0, 1]]
    # A signature's only input need not be named.
    body = {"signature_name": "serve_bytes", "instances": pictures}
    assert post(body) == (code, answer)


def test_columns_are_answered_in_columns(post, pictures):
    inputs = {"image_bytes": pictures, "compute_budget": [1, 0.5, 2]}
    body = {"signature_name": "serve_bytes_with_budget", "inputs": inputs}
    code, answer = post(body)
    assert code == 200
    assert answer["outputs"]["flops"] == [128, 64, 256]
    assert len(answer["outputs"]["scores"]) == 3


def test_an_only_output_is_not_named(post, pictures):
    body = {"signature_name": "ponder_map_bytes", "instances": pictures[:1]}
    ((key, picture),) = post(body)[1]["predictions"][0].items()
    assert key == "b64"
    assert base64.b64decode(picture).startswith(b"\x89PNG")
    # The default signature, in which numbers are nested.
    assert post({"instances": [[[[1, 2.5, 3]]]]})[1] == {"predictions": [[1, 2.5, 3]]}
    assert post({"inputs": [[[[1, 2, 3]]]]})[1] == {"outputs": [[1, 2, 3]]}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{", "JSON Parse error"),
        ("[]", "Is not object"),
        ("{}", "Missing 'inputs' or 'instances' key"),
        ({"inputs": [1], "instances": [1]}, "only one of"),
        ({"signature_name": 3, "inputs": [1]}, "must be a string"),
        ({"signature_name": "no", "inputs": [1]}, '"no" not found in signature def'),
        ({"instances": 1}, "list/array"),
        ({"instances": []}, "No values"),
        ({"instances": [[1], [1, 2]]}, r"Expecting shape \(1,\) but got: \(2,\)"),
        ({"instances": [[[1], [1, 2]]]}, "unexpected size: 2 at level: 1"),
        ({"instances": [[[1], 2]]}, "incorrect level"),
        ({"instances": [{"pixels": 1}]}, "keys must be equal to: images"),
        ({"instances": ["text"]}, "not of expected type: float32"),
        ({"instances": [True]}, "not of expected type: float32"),
        ({"inputs": {"pixels": 1}}, "Missing named input: images"),
        ({"signature_name": "serve_bytes", "instances": [1]}, "expected type: string"),
        (
            {"signature_name": "serve_bytes", "instances": [{"b64": "*"}]},
            "Unable to base64 decode",
        ),
        (
            {"signature_name": "serve_bytes_with_budget", "instances": ["a"]},
            "expecting list of objects",
        ),
        (
            {"signature_name": "serve_bytes", "instances": ["no picture"]},
            "Unknown image file format",
        ),
    ],
)
def test_requests_that_are_at_fault(post, body, message):
    code, answer = post(body)
    assert code == 400
    assert list(answer) == ["error"]
    assert re.search(message, answer["error"]), answer


@pytest.mark.parametrize(
    ("address", "code", "message"),
    [
        ("other", 404, "Servable not found for request: Latest(other)"),
        ("tiny/versions/3", 404, "Servable not found for request: Specific(tiny, 3)"),
        ("tiny/labels/new", 400, "Unrecognized servable version label: new"),
        ("tiny/versions/one", 400, "Malformed request"),
    ],
)
def test_models_that_are_not_there(post, address, code, message):
    answered, answer = post({"instances": [[[[1, 2, 3]]]]}, address)
    assert answered == code
    assert message in answer["error"]


@pytest.mark.parametrize(
    ("address", "units"),
    [("tiny", 6), ("tiny/versions/1", 3), ("tiny/labels/stable", 3)],
)
def test_the_latest_version_answers_unless_one_is_named(post, pictures, address, units):
    body = {"signature_name": "serve_bytes", "instances": pictures[:1]}
    assert post(body, address)[1]["predictions"][0]["num_units"] == units


def test_it_says_which_versions_it_has(server):
    url = f"{server.url}/v1/models/"
    status = requests.get(f"{url}tiny", timeout=30).json()["model_version_status"]
    assert [(s["version"], s["state"]) for s in status] == [
        ("1", "AVAILABLE"),
        ("2", "AVAILABLE"),
    ]
    for missing in ("other", "tiny/versions/3"):
        response = requests.get(url + missing, timeout=30)
        assert response.status_code == 404
        assert "Could not find" in response.json()["error"]


def test_it_says_what_signatures_take_and_return(server):
    url = f"{server.url}/v1/models/tiny/metadata"
    content = requests.get(url, timeout=30).json()
    assert content["model_spec"]["version"] == "2"
    signatures = content["metadata"]["signature_def"]["signature_def"]
    assert signatures["serve_bytes"]["inputs"]["image_bytes"]["dtype"] == "DT_STRING"
    assert set(signatures["ponder_map_bytes"]["outputs"]) == {"heatmap_bytes"}
