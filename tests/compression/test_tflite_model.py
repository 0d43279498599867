"""The class that runs TensorFlow Lite files, on files of a known answer."""

import importlib.util

import numpy as np
import pytest
import tensorflow as tf

from sact_keras.compression import TFLiteModel


def convert_mean(input_type=tf.float32, output_type=tf.float32, batch_size=2):
    """A file of the channels' means of float images, whose ends are of other types."""

    @tf.function(
        input_signature=[tf.TensorSpec((batch_size, 4, 4, 3), tf.float32, "images")]
    )
    def mean(images):
        return {"mean": tf.reduce_mean(images, axis=(1, 2))}

    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [mean.get_concrete_function()], tf.Module()
    )
    if input_type != tf.float32:
        rng = np.random.default_rng(0)
        batches = rng.uniform(0, 255, (8, batch_size, 4, 4, 3)).astype("float32")
        batches[0, 0, 0, 0] = (0, 128, 255)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([batch] for batch in batches)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = input_type
        converter.inference_output_type = output_type
    return converter.convert()


def draw(number=5):
    return np.random.default_rng(1).integers(0, 256, (number, 4, 4, 3), np.uint8)


def test_any_number_of_images():
    model = TFLiteModel(convert_mean())
    assert (model.batch_size, model.image_size) == (2, (4, 4))
    for number in (1, 2, 5):
        images = draw(number)
        found = model(images)["mean"]
        np.testing.assert_allclose(found, images.mean(axis=(1, 2)), rtol=1e-5)


def test_an_answer_stays_as_it_is():
    model = TFLiteModel(convert_mean())
    first = model(draw())["mean"]
    kept = first.copy()
    model(np.zeros((5, 4, 4, 3)))
    np.testing.assert_array_equal(first, kept)


@pytest.mark.parametrize("kind", [tf.int8, tf.uint8])
def test_scales_and_zero_points(kind):
    """Ends of 8 bits stand for real numbers, which may be off by half a step."""
    model = TFLiteModel(convert_mean(kind, kind))
    images = draw()
    found = model(images)["mean"]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, images.mean(axis=(1, 2)), atol=2.0)
    # More than fits is the largest number rather than a small one.
    np.testing.assert_allclose(
        model(np.full((1, 4, 4, 3), 300.0))["mean"][0, 0], 255, 9
    )


def test_a_file_by_its_path(tmp_path):
    path = tmp_path / "mean.tflite"
    path.write_bytes(convert_mean())
    np.testing.assert_allclose(TFLiteModel(path)(np.ones((1, 4, 4, 3)))["mean"], 1)


def test_without_litert(monkeypatch):
    """TensorFlow's own interpreter gives the same."""
    content, images = convert_mean(), draw()
    expected = TFLiteModel(content)(images)["mean"]
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *args: None if name == "ai_edge_litert" else find(name, *args),
    )
    model = TFLiteModel(content)
    assert type(model._interpreter).__module__.startswith("tensorflow.lite")
    np.testing.assert_array_equal(model(images)["mean"], expected)


@pytest.mark.parametrize("shape", [(0, 4, 4, 3), (1, 4, 4), (1, 4, 5, 3), (4, 4, 3)])
def test_images_of_another_shape(shape):
    with pytest.raises(ValueError, match=r"images must be of shape \[N, 4, 4, 3\]"):
        TFLiteModel(convert_mean())(np.zeros(shape))


@pytest.mark.parametrize("content", [b"", b"no such format", b"\0\0\0\0TFL3"])
def test_something_else(content):
    with pytest.raises(ValueError, match="source must be a TensorFlow Lite file"):
        TFLiteModel(content)


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        TFLiteModel(tmp_path / "absent.tflite")
