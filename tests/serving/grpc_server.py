"""A real gRPC server with TensorFlow Serving's method `Predict`."""

import contextlib
from concurrent.futures import ThreadPoolExecutor

import grpc
import tensorflow as tf
from serving.served_model import ServingError
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc


class _Service(prediction_service_pb2_grpc.PredictionServiceServicer):
    def __init__(self, model):
        self._model = model

    def Predict(self, request, context):
        try:
            return self._predict(request)
        except ServingError as error:
            context.abort(grpc.StatusCode[error.code], str(error))

    def _predict(self, request):
        asked, model = request.model_spec, self._model
        version = model.find_version(
            asked.name,
            asked.version.value if asked.HasField("version") else None,
            asked.version_label or None,
        )
        sent = request.inputs
        for name, spec in model.input_specs(version, asked.signature_name).items():
            if name in sent and sent[name].dtype != spec.dtype.as_datatype_enum:
                received = tf.as_dtype(sent[name].dtype).name
                raise ServingError(
                    "INVALID_ARGUMENT",
                    f"Expects arg to be {spec.dtype.name} but {received} is provided",
                )
        inputs = {name: tf.make_ndarray(sent[name]) for name in sent}
        outputs = model.run(version, asked.signature_name, inputs)
        unknown = set(request.output_filter) - set(outputs)
        if unknown:
            raise ServingError(
                "INVALID_ARGUMENT",
                f"output tensor alias not found in signature: {min(unknown)} Outputs "
                f"expected to be in the set {{{','.join(sorted(outputs))}}}.",
            )
        response = predict_pb2.PredictResponse()
        for name in request.output_filter or outputs:
            response.outputs[name].CopyFrom(tf.make_tensor_proto(outputs[name]))
        return response


@contextlib.contextmanager
def serve_grpc(model):
    """Serves a `ServedModel` for as long as the block lasts; yields the address."""
    server = grpc.server(ThreadPoolExecutor(2))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        _Service(model), server
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"grpc://127.0.0.1:{port}"
    finally:
        server.stop(None).wait()
