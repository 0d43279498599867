import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import sact_keras
from sact_keras.checkpoints.missing_extra_error import MissingExtraError
from sact_keras.serving import warmup
from sact_keras.serving.warmup import (
    WarmupRequest,
    make_warmup_requests,
    write_warmup,
)

SIGNATURES = {
    "serving_default": ["images"],
    "serve_bytes_with_budget": ["image_bytes", "compute_budget"],
}


def read_records(path):
    pytest.importorskip("tensorflow_serving", reason="needs the extra [serving]")
    from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

    records = tf.data.TFRecordDataset(str(path)).as_numpy_iterator()
    return [PredictionLog.FromString(record) for record in records]


def test_each_signature_is_asked_with_each_number_of_images():
    requests = make_warmup_requests(SIGNATURES, (40, 24), (1, 3))
    assert [r.signature for r in requests] == [n for n in SIGNATURES for _ in (1, 3)]
    images = [request.inputs["images"] for request in requests[:2]]
    assert [image.shape for image in images] == [(1, 40, 24, 3), (3, 40, 24, 3)]
    assert {image.dtype for image in images} == {np.dtype("float32")}
    encoded = requests[3].inputs["image_bytes"]
    # What is encoded are the pixels that the other signature is given.
    decoded = [tf.io.decode_png(image).numpy() for image in encoded]
    np.testing.assert_array_equal(decoded, images[1])
    np.testing.assert_array_equal(requests[3].inputs["compute_budget"], [1, 1, 1])


def test_requests_are_read_back_as_they_were(tmp_path):
    pytest.importorskip("tensorflow_serving", reason="needs the extra [serving]")
    requests = make_warmup_requests(SIGNATURES, (32, 32))
    path = write_warmup(tmp_path, requests, model_name="digits")
    assert path == tmp_path / "assets.extra" / "tf_serving_warmup_requests"
    assert list(path.parent.iterdir()) == [path]
    logs = [log.predict_log.request for log in read_records(path)]
    assert {log.model_spec.name for log in logs} == {"digits"}
    assert [log.model_spec.signature_name for log in logs] == [
        request.signature for request in requests
    ]
    for log, request in zip(logs, requests, strict=True):
        assert set(log.inputs) == set(request.inputs)
        for name, value in request.inputs.items():
            read = tf.make_ndarray(log.inputs[name])
            assert read.shape == value.shape
            np.testing.assert_array_equal(read, value)


def test_an_export_is_warmed_up_in_every_signature(tmp_path):
    pytest.importorskip("tensorflow_serving", reason="needs the extra [serving]")
    model = sact_keras.build_model("vanilla", model="1", base_channels=4)
    version = sact_keras.export_saved_model(model, tmp_path, warmup=True)
    signatures = tf.saved_model.load(version).signatures
    asked = {name: [] for name in signatures}
    for log in read_records(Path(version) / warmup.WARMUP_FILE):
        request = log.predict_log.request
        name = request.model_spec.signature_name
        specs = signatures[name].structured_input_signature[1]
        assert set(request.inputs) == set(specs)
        for key, value in request.inputs.items():
            assert value.dtype == specs[key].dtype.as_datatype_enum
            shape = tf.TensorShape(value.tensor_shape)
            assert specs[key].shape.is_compatible_with(shape), (name, key)
        asked[name].append(next(iter(request.inputs.values())))
    for name, inputs in asked.items():
        assert [value.tensor_shape.dim[0].size for value in inputs] == [1, 8], name


def test_photographs_take_little_space(tmp_path):
    pytest.importorskip("tensorflow_serving", reason="needs the extra [serving]")
    path = write_warmup(tmp_path, make_warmup_requests(SIGNATURES, (224, 224)))
    assert path.stat().st_size < 300_000  # As they are, eight take 4.8 MB.


@pytest.mark.parametrize("value", [np.zeros(3), [1, 2, 2], [5.0], np.arange(4)])
def test_a_tensors_message_says_the_whole_tensor(value):
    value = np.asarray(value, np.float32)
    message = warmup._make_tensor_proto(value)
    np.testing.assert_array_equal(tf.make_ndarray(message), value)
    # And so reads the runtime, which is not Python's reader.
    parsed = tf.io.parse_tensor(message.SerializeToString(), tf.float32)
    np.testing.assert_array_equal(parsed, value)


def test_the_extra_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_serving.apis.predict_pb2", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'sact_keras\[serving\]'"):
        write_warmup(tmp_path, [])
    assert not list(tmp_path.iterdir())


def test_more_requests_than_the_server_reads_are_refused(tmp_path):
    pytest.importorskip("tensorflow_serving", reason="needs the extra [serving]")
    requests = [WarmupRequest("serving_default", {})] * 1001
    with pytest.raises(ValueError, match="at most 1000"):
        write_warmup(tmp_path, requests)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("sizes", [(), (0,), (1, -1)])
def test_a_batch_has_images(sizes):
    with pytest.raises(ValueError, match="batch_sizes must"):
        make_warmup_requests(SIGNATURES, (32, 32), sizes)


def test_inputs_that_nobody_knows_are_refused():
    with pytest.raises(ValueError, match="Received: 'text'"):
        make_warmup_requests({"serving_default": ["text"]}, (32, 32))
