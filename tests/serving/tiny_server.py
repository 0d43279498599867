"""The tiny model, two versions of it, behind a server of either protocol."""

import contextlib

import numpy as np
from PIL import Image
from serving.rest_server import serve_rest
from serving.served_model import ServedModel
from serving.tiny_saved_model import save_tiny_model

MODEL_NAME = "tiny"
COLOURS = {"blue": (40, 100, 255), "green": (100, 255, 40), "red": (255, 100, 40)}
LABELS = ("red", "green", "blue")
"""Names of the tiny model's classes."""


def save_versions(root):
    """Writes versions 1 and 2, of 3 and 6 units, and returns the `ServedModel`."""
    for version in (1, 2):
        save_tiny_model(root / str(version), units=3.0 * version)
    return ServedModel(MODEL_NAME, root, labels={"stable": 1})


@contextlib.contextmanager
def serve_tiny_model(root):
    """A REST server of both versions; see `serve_rest`."""
    with serve_rest(save_versions(root)) as server:
        yield server


def write_pictures(directory):
    """A JPEG of each colour, 8x16 pixels; returns their paths in order of names."""
    paths = []
    for name, colour in COLOURS.items():
        pixels = np.broadcast_to(np.uint8(colour), (8, 16, 3))
        paths.append(directory / f"{name}.jpg")
        Image.fromarray(np.ascontiguousarray(pixels)).save(paths[-1])
    return paths
