import re

import pytest
from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    message_factory,
    text_format,
    wrappers_pb2,
)

from sact_keras.serving.serving_configuration import write_serving_configuration

# `tensorflow.serving.BatchingParameters`, which no package brings along: the fields of
# tensorflow_serving/servables/tensorflow/session_bundle_config.proto.
WRAPPED = {
    "max_batch_size": (1, "Int64Value"),
    "batch_timeout_micros": (2, "Int64Value"),
    "max_enqueued_batches": (3, "Int64Value"),
    "num_batch_threads": (4, "Int64Value"),
    "thread_pool_name": (5, "StringValue"),
}


@pytest.fixture(scope="module")
def batching_parameters():
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name="batching.proto",
        package="tensorflow.serving",
        syntax="proto3",
        dependency=[wrappers_pb2.DESCRIPTOR.name],
    )
    message = file.message_type.add(name="BatchingParameters")
    for name, (number, kind) in WRAPPED.items():
        message.field.add(
            name=name,
            number=number,
            type=field.TYPE_MESSAGE,
            type_name=f".google.protobuf.{kind}",
            label=field.LABEL_OPTIONAL,
        )
    for name, number, kind, label in (
        ("allowed_batch_sizes", 6, field.TYPE_INT64, field.LABEL_REPEATED),
        ("pad_variable_length_inputs", 7, field.TYPE_BOOL, field.LABEL_OPTIONAL),
    ):
        message.field.add(name=name, number=number, type=kind, label=label)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    name = "tensorflow.serving.BatchingParameters"
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(name))


def read_models(path):
    config = pytest.importorskip(
        "tensorflow_serving.config.model_server_config_pb2",
        reason="needs the extra [serving]",
    )
    parsed = text_format.Parse(path.read_text(), config.ModelServerConfig())
    (model,) = parsed.model_config_list.config
    return model


def test_the_latest_version_is_served(tmp_path):
    models, *_ = write_serving_configuration(tmp_path, "sact")
    model = read_models(models)
    assert model.name == "sact"
    assert model.base_path == "/models/sact"
    assert model.model_platform == "tensorflow"
    assert model.model_version_policy.latest.num_versions == 1
    assert not model.version_labels


def test_versions_are_named(tmp_path):
    models, _, compose = write_serving_configuration(
        tmp_path, "sact", versions=[3, 7], version_labels={"stable": 3, "canary": 7}
    )
    model = read_models(models)
    assert list(model.model_version_policy.specific.versions) == [3, 7]
    assert dict(model.version_labels) == {"stable": 3, "canary": 7}
    assert "allow_version_labels_for_unavailable_models" in compose.read_text()


def test_batching_is_as_said(tmp_path, batching_parameters):
    _, batching, _ = write_serving_configuration(
        tmp_path,
        "sact",
        max_batch_size=16,
        batch_timeout_micros=0,
        num_batch_threads=4,
        max_enqueued_batches=9,
        allowed_batch_sizes=[1, 4, 16],
    )
    parsed = text_format.Parse(batching.read_text(), batching_parameters())
    assert parsed.max_batch_size.value == 16
    assert parsed.HasField("batch_timeout_micros")
    assert parsed.batch_timeout_micros.value == 0
    assert parsed.num_batch_threads.value == 4
    assert parsed.max_enqueued_batches.value == 9
    assert list(parsed.allowed_batch_sizes) == [1, 4, 16]
    assert not parsed.pad_variable_length_inputs


def test_the_container_sees_what_the_configuration_names(tmp_path):
    models, batching, compose = write_serving_configuration(
        tmp_path, "my-model", image="registry.example/serving:9"
    )
    text = compose.read_text()
    assert 'image: "registry.example/serving:9"' in text
    assert '".:/models/my-model:ro"' in text
    for path in (models, batching):
        assert f'=/models/my-model/{path.name}"' in text
    assert re.findall(r'"(\d+):\1"', text) == ["8500", "8501"]
    assert "allow_version_labels" not in text


def test_the_compose_file_is_yaml(tmp_path):
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    *_, compose = write_serving_configuration(tmp_path, "sact")
    service = yaml.safe_load(compose.read_text())["services"]["serving"]
    assert service["ports"] == ["8500:8500", "8501:8501"]
    assert all(flag.startswith("--") for flag in service["command"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model_name": "a/b"}, "model_name='a/b'"),
        ({"model_name": ""}, "model_name=''"),
        ({"versions": []}, "versions="),
        ({"versions": [0]}, "versions="),
        ({"version_labels": {"stable": 1}}, "'stable': 1"),
        ({"versions": [1], "version_labels": {"stable": 2}}, "'stable': 2"),
        ({"versions": [1], "version_labels": {"2": 1}}, "'2': 1"),
        ({"max_batch_size": 0}, "max_batch_size=0"),
        ({"batch_timeout_micros": -1}, "batch_timeout_micros=-1"),
        ({"num_batch_threads": 1.5}, "num_batch_threads=1.5"),
        ({"max_enqueued_batches": True}, "max_enqueued_batches=True"),
        ({"allowed_batch_sizes": [1, 16]}, "allowed_batch_sizes"),
        ({"allowed_batch_sizes": [8, 4, 32]}, "allowed_batch_sizes"),
    ],
)
def test_what_cannot_be_served_is_refused_and_nothing_written(
    tmp_path, arguments, message
):
    arguments = {"model_name": "sact", **arguments}
    with pytest.raises(ValueError, match=f"Received: .*{re.escape(message)}"):
        write_serving_configuration(tmp_path, **arguments)
    assert not list(tmp_path.iterdir())
