"""What TensorFlow Serving is started with: its model, its batching, its container."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from sact_keras.files.atomic_write import atomic_write

MODELS_FILE = "models.config"
BATCHING_FILE = "batching.config"
COMPOSE_FILE = "docker-compose.yml"

DEFAULT_IMAGE = "tensorflow/serving:2.21.0"
"""Of the TensorFlow that this package needs: what it exports, the image can run."""

GRPC_PORT, REST_PORT = 8500, 8501

# It becomes part of addresses, paths and YAML.
_MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_LABEL = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")


def write_serving_configuration(
    export_dir: str | os.PathLike[str],
    model_name: str,
    *,
    versions: Sequence[int] | None = None,
    version_labels: Mapping[str, int] | None = None,
    max_batch_size: int = 32,
    batch_timeout_micros: int = 2000,
    num_batch_threads: int = 2,
    max_enqueued_batches: int = 100,
    allowed_batch_sizes: Sequence[int] | None = None,
    image: str = DEFAULT_IMAGE,
) -> list[Path]:
    """Writes what serves the versions in `export_dir`: `docker compose up` there.

    Args:
        export_dir: The directory that holds the versions, as `export_saved_model`
            fills it; the container sees it as `/models/<model_name>`.
        model_name: What the model is called in requests: letters, digits, `_.-`.
        versions: The versions to serve; None for the highest there is, which is
            replaced when another one appears.
        version_labels: Names of versions, which requests may use instead of their
            numbers ({"stable": 1}); each of one in `versions`.
        max_batch_size: Images, at most, that are put together; requests of more are
            refused. At least 1.
        batch_timeout_micros: Microseconds that an image waits, at most, for others;
            at least 0.
        num_batch_threads: Batches that run at a time, at least 1.
        max_enqueued_batches: Batches that wait, at most; requests beyond are refused.
            At least 1.
        allowed_batch_sizes: Sizes to which batches are filled up with images that
            nobody asked for, rising to `max_batch_size`; None for any size. Only
            hardware that compiles for each size gains by it.
        image: The image of TensorFlow Serving.

    Returns:
        The files: `models.config`, `batching.config` and `docker-compose.yml`. Those
        that are there are replaced.

    Raises:
        ValueError: If an argument is not as said.
        OSError: If a file cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as export_dir:
        ...     files = write_serving_configuration(export_dir, "sact")
        ...     print(files[0].read_text())
        model_config_list {
          config {
            name: "sact"
            base_path: "/models/sact"
            model_platform: "tensorflow"
            model_version_policy { latest { num_versions: 1 } }
          }
        }
    """
    version_labels = dict(version_labels or {})
    _check_model(model_name, versions, version_labels)
    numbers = {
        "max_batch_size": max_batch_size,
        "batch_timeout_micros": batch_timeout_micros,
        "num_batch_threads": num_batch_threads,
        "max_enqueued_batches": max_enqueued_batches,
    }
    for name, value in numbers.items():
        least = 0 if name == "batch_timeout_micros" else 1
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ValueError(
                f"{name} must be a whole number of at least {least}. "
                f"Received: {name}={value!r}"
            )
    sizes = list(allowed_batch_sizes or ())
    if sizes and (sizes != sorted(set(sizes)) or sizes[-1] != max_batch_size):
        raise ValueError(
            "allowed_batch_sizes must rise and end in max_batch_size, "
            f"{max_batch_size}. Received: allowed_batch_sizes={sizes}"
        )
    contents = {
        MODELS_FILE: _models_config(model_name, versions, version_labels),
        BATCHING_FILE: _batching_config(numbers, sizes),
        COMPOSE_FILE: _compose_file(model_name, image, bool(version_labels)),
    }
    paths = [Path(export_dir) / name for name in contents]
    for path, content in zip(paths, contents.values(), strict=True):
        atomic_write(path, content)
    return paths


def _check_model(
    name: str, versions: Sequence[int] | None, labels: Mapping[str, int]
) -> None:
    if not _MODEL_NAME.fullmatch(name):
        raise ValueError(
            "model_name must be of letters, digits and '_.-', and begin with one of "
            f"the former. Received: model_name={name!r}"
        )
    if versions is not None and (not versions or min(versions) < 1):
        raise ValueError(
            "versions must be numbers of versions, each at least 1. "
            f"Received: versions={versions!r}"
        )
    for label, version in labels.items():
        if not _LABEL.fullmatch(label) or version not in (versions or ()):
            raise ValueError(
                "version_labels must name some of the versions that are served, in "
                "letters, digits and '_.-', a letter first. "
                f"Received: {label!r}: {version!r} with versions={versions!r}"
            )


def _models_config(
    name: str, versions: Sequence[int] | None, labels: Mapping[str, int]
) -> str:
    policy = "latest { num_versions: 1 }"
    if versions is not None:
        policy = "specific { "
        policy += "".join(f"versions: {version} " for version in versions) + "}"
    lines = [
        f'name: "{name}"',
        f'base_path: "{_mounted(name)}"',
        'model_platform: "tensorflow"',
        f"model_version_policy {{ {policy} }}",
        *(f'version_labels {{ key: "{k}" value: {v} }}' for k, v in labels.items()),
    ]
    body = "\n".join(f"    {line}" for line in lines)
    return f"model_config_list {{\n  config {{\n{body}\n  }}\n}}\n"


def _batching_config(numbers: Mapping[str, int], sizes: Sequence[int]) -> str:
    lines = [f"{name} {{ value: {value} }}" for name, value in numbers.items()]
    lines += [f"allowed_batch_sizes: {size}" for size in sizes]
    # Images of several sizes must not be padded to one: borders change what is seen.
    return "\n".join([*lines, "pad_variable_length_inputs: false"]) + "\n"


def _compose_file(name: str, image: str, has_labels: bool) -> str:
    flags = [
        f"--model_config_file={_mounted(name)}/{MODELS_FILE}",
        "--model_config_file_poll_wait_seconds=60",
        "--enable_batching=true",
        f"--batching_parameters_file={_mounted(name)}/{BATCHING_FILE}",
    ]
    if has_labels:  # Else they could only be given once the versions are loaded.
        flags.append("--allow_version_labels_for_unavailable_models=true")
    command = "\n".join(f'      - "{flag}"' for flag in flags)
    return f"""\
services:
  serving:
    image: "{image}"
    ports:
      - "{GRPC_PORT}:{GRPC_PORT}" # gRPC
      - "{REST_PORT}:{REST_PORT}" # REST
    volumes:
      - ".:{_mounted(name)}:ro"
    command:
{command}
    restart: unless-stopped
"""


def _mounted(name: str) -> str:
    return f"/models/{name}"
