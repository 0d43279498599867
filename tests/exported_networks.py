"""Small networks of the conformance suite, exported, and pixels to serve them."""

import functools

import numpy as np
import tensorflow as tf
from conformance.registry import named

import sact_keras


class ExportedNetworks:
    """Exports each network once, and loads it once.

    Args:
        root: A directory to export into.
    """

    def __init__(self, root):
        self._root = root
        self._paths = {}
        self._load = functools.cache(tf.saved_model.load)

    def __call__(self, name):
        """The version directory of a case of the conformance suite, by its name."""
        if name not in self._paths:
            (case,) = named(name)
            self._paths[name] = sact_keras.export_saved_model(
                case.shared(), self._root / name
            )
        return self._paths[name]

    def signature(self, name, called):
        """A case's signature, as a function of one list or array."""
        run = self._load(self(name)).signatures[called]
        dtype = tf.string if "bytes" in called else tf.float32
        argument = "image_bytes" if "bytes" in called else "images"

        def call(values):
            outputs = run(**{argument: tf.constant(values, dtype)})
            return {key: value.numpy() for key, value in outputs.items()}

        return call


def assert_served_alike(actual, expected):
    """Counts and classes exactly, the rest up to the last digits, NaN as itself."""
    assert set(actual) == set(expected)
    for name, value in expected.items():
        value = np.asarray(value)
        tolerance = 1e-5 if value.dtype.kind == "f" else 0
        assert actual[name].shape == value.shape, name
        if value.dtype.kind == "O":
            np.testing.assert_array_equal(actual[name], value, err_msg=name)
        else:
            np.testing.assert_allclose(
                actual[name], value, rtol=tolerance, atol=tolerance, err_msg=name
            )


def draw_pixels(number, height, width):
    """Images that differ much, float32 [number, height, width, 3] in [0, 255]."""
    rng = np.random.default_rng(3)
    contrast, brightness = np.linspace((10, 60), (120, 190), number).T[..., None, None]
    pixels = rng.normal(
        brightness[..., None], contrast[..., None], (number, height, width, 3)
    )
    return np.clip(pixels, 0, 255).round().astype("float32")
