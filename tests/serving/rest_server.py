"""A real HTTP server that answers as TensorFlow Serving's REST API does.

It follows tensorflow_serving's api_rest.md and json_tensor.cc: what is asked in rows
(`instances`) is answered in rows, what is asked in columns (`inputs`) in columns;
errors are `{"error": ...}`.
"""

import contextlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from google.protobuf import json_format
from serving.rest_json import (
    parse_request,
    read_inputs,
    read_instances,
    write_columns,
    write_rows,
)
from serving.served_model import ServingError
from tensorflow.core.protobuf import saved_model_pb2

_MODEL = r"/v1/models/(?P<name>[^/:]+)"
_MODEL += r"(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:]+))?"
_PREDICT = re.compile(_MODEL + ":predict")
_GET = re.compile(_MODEL + "(?P<metadata>/metadata)?")

_HTTP = {"INVALID_ARGUMENT": 400, "NOT_FOUND": 404}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # Connections are kept, as the real server does.

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(_PREDICT, lambda asked: self._predict(asked, body))

    def do_GET(self):
        self._answer(_GET, self._describe)

    def log_message(self, *arguments):
        pass

    def _answer(self, pattern, respond):
        try:
            matched = pattern.fullmatch(self.path)
            if matched is None:
                raise ServingError(
                    "INVALID_ARGUMENT", f"Malformed request: {self.command} {self.path}"
                )
            asked = matched.groupdict()
            asked["version"] = asked["version"] and int(asked["version"])
            code, content = 200, respond(asked)
        except ServingError as error:
            code, content = _HTTP[error.code], {"error": str(error)}
        body = json.dumps(content, indent=4).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _predict(self, asked, body):
        model = self.server.model
        signature, key, value = parse_request(body)
        version = model.find_version(asked["name"], asked["version"], asked["label"])
        read, write = (
            (read_instances, write_rows)
            if key == "instances"
            else (read_inputs, write_columns)
        )
        inputs = read(value, model.input_specs(version, signature))
        self.server.requests.append((signature, inputs))
        return write(model.run(version, signature, inputs))

    def _describe(self, asked):
        model, name = self.server.model, asked["name"]
        if asked["metadata"]:
            version = model.find_version(name, asked["version"], asked["label"])
            return _metadata(name, version, model.directories[version])
        versions = [asked["version"]] if asked["version"] else sorted(model.directories)
        if name != model.name:
            raise ServingError(
                "NOT_FOUND", f"Could not find any versions of model {name}"
            )
        if not set(versions) <= set(model.directories):
            raise ServingError(
                "NOT_FOUND", f"Could not find version {versions[0]} of model {name}"
            )
        status = {"error_code": "OK", "error_message": ""}
        return {
            "model_version_status": [
                {"version": str(version), "state": "AVAILABLE", "status": status}
                for version in versions
            ]
        }


def _metadata(name, version, directory):
    saved = saved_model_pb2.SavedModel.FromString(
        (directory / "saved_model.pb").read_bytes()
    )
    signatures = {
        key: json_format.MessageToDict(definition, preserving_proto_field_name=True)
        for key, definition in saved.meta_graphs[0].signature_def.items()
    }
    return {
        "model_spec": {"name": name, "signature_name": "", "version": str(version)},
        "metadata": {"signature_def": {"signature_def": signatures}},
    }


@contextlib.contextmanager
def serve_rest(model):
    """Serves a `ServedModel` for as long as the block lasts.

    Yields:
        The server: `url`, and `requests`, the (signature, inputs) that came.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.model, server.requests = model, []
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
