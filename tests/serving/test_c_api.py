"""An exported SavedModel, run by a C program that knows TensorFlow alone."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from exported_networks import assert_served_alike, draw_pixels

SOURCES = Path(__file__).parent / "c_api"
LIBRARIES = ("libtensorflow_cc.so.2", "libtensorflow_framework.so.2")
NAMES = ["aig", "act"] + [
    pytest.param(name, marks=pytest.mark.slow)
    for name in ("vanilla", "sact", "dynconv", "blockdrop", "sact_imagenet")
]

# Exit codes of the program: a code of TensorFlow's, or that of a wrong command line.
NOT_FOUND = tf.errors.NOT_FOUND
WRONG_USAGE = 64


@pytest.fixture(scope="session")
def program(tmp_path_factory):
    """The compiled program; a skip where it cannot be made."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler: neither cc nor gcc")
    include, library = Path(tf.sysconfig.get_include()), Path(tf.sysconfig.get_lib())
    needed = [include / "tensorflow/c/c_api.h", *(library / n for n in LIBRARIES)]
    for path in needed:
        if not path.exists():
            pytest.skip(f"this TensorFlow brings no {path.name}")
    path = tmp_path_factory.mktemp("c_api") / "run_saved_model"
    strict = ["-std=c11", "-O1", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    command = [compiler, *strict, "-isystem", include, "-o", path]
    command += sorted(SOURCES.glob("*.c"))
    command += [f"-L{library}", f"-Wl,-rpath,{library}"]
    command += [f"-l:{name}" for name in LIBRARIES]
    subprocess.run(command, check=True, timeout=120)
    return path


def run(program, *arguments):
    return subprocess.run(
        [program, *map(str, arguments)],
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def outputs_of(finished):
    """Name -> array of what the program prints."""
    assert finished.returncode == 0, finished.stderr
    lines = [json.loads(line) for line in finished.stdout.splitlines()]
    return {
        line["name"]: np.array(line["values"]).reshape(line["shape"]) for line in lines
    }


@pytest.mark.fast_with("aig")
@pytest.mark.parametrize("name", NAMES)
def test_images(name, program, exported, tmp_path):
    directory = exported(name)
    images = draw_pixels(3, 40, 36)
    images.tofile(tmp_path / "images")
    arguments = f"images:3x40x36x3={tmp_path / 'images'}"
    found = outputs_of(run(program, directory, "serving_default", arguments))
    expected = exported.signature(name, "serving_default")(images)
    assert {"probabilities", "classes", "scores", "flops", "num_units"} <= set(found)
    assert_served_alike(found, expected)
    if name in ("aig", "sact"):  # Of the others these pixels decide alike.
        assert len(set(found["flops"])) > 1


@pytest.mark.fast_with("aig")
@pytest.mark.parametrize("name", NAMES)
def test_files(name, program, exported, tmp_path):
    directory, encoded = exported(name), []
    for encode, side in ((tf.io.encode_jpeg, 50), (tf.io.encode_png, 32)):
        pixels = tf.cast(draw_pixels(1, side, side)[0], tf.uint8)
        encoded.append(encode(pixels).numpy())
        (tmp_path / f"{side}").write_bytes(encoded[-1])
    files = [f"image_bytes={tmp_path / name}" for name in ("50", "32")]
    found = outputs_of(run(program, directory, "serve_bytes", *files))
    expected = exported.signature(name, "serve_bytes")(encoded)
    assert_served_alike(found, expected)


def test_a_corrupt_jpeg_is_an_error_and_no_crash(program, exported, tmp_path):
    whole = tf.io.encode_jpeg(tf.zeros((32, 32, 3), tf.uint8)).numpy()
    (tmp_path / "whole").write_bytes(whole)
    (tmp_path / "half").write_bytes(whole[: len(whole) // 2])
    files = [f"image_bytes={tmp_path / name}" for name in ("whole", "half", "whole")]
    finished = run(program, exported("aig"), "serve_bytes", *files)
    assert finished.returncode == tf.errors.INVALID_ARGUMENT
    assert finished.stderr.strip()
    assert not finished.stdout


def test_a_directory_without_a_model(program, tmp_path):
    finished = run(program, tmp_path, "serving_default", "images=none")
    assert finished.returncode == NOT_FOUND
    assert str(tmp_path) in finished.stderr


@pytest.mark.parametrize(
    ("signature", "argument", "received"),
    [
        ("absent", "images:1x1x1x3=FILE", "absent"),
        ("serving_default", "absent:1x1x1x3=FILE", "absent"),
        ("serving_default", "images:2x1x1x3=FILE", "FILE"),
        ("serving_default", "images:1y1=FILE", "images:1y1=FILE"),
        ("serving_default", "images", "images"),
    ],
)
def test_a_wrong_command_line(
    signature, argument, received, program, exported, tmp_path
):
    path = tmp_path / "pixels"
    np.zeros(3, "float32").tofile(path)
    argument, received = (
        text.replace("FILE", str(path)) for text in (argument, received)
    )
    finished = run(program, exported("aig"), signature, argument)
    assert finished.returncode == WRONG_USAGE
    assert f"Received: {received}" in finished.stderr
