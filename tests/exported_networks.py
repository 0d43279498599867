"""Small networks of the conformance suite, exported, and pixels to serve them."""

import numpy as np
from conformance.registry import named

import sact_keras


class ExportedNetworks:
    """Exports each network once.

    Args:
        root: A directory to export into.
    """

    def __init__(self, root):
        self._root = root
        self._paths = {}

    def __call__(self, name):
        """The version directory of a case of the conformance suite, by its name."""
        if name not in self._paths:
            (case,) = named(name)
            self._paths[name] = sact_keras.export_saved_model(
                case.shared(), self._root / name
            )
        return self._paths[name]


def draw_pixels(number, height, width):
    """Images of different contrast, float32 [number, height, width, 3] in [0, 255]."""
    rng = np.random.default_rng(3)
    contrast = np.linspace(20, 120, number).reshape(-1, 1, 1, 1)
    pixels = rng.normal(128, contrast, (number, height, width, 3))
    return np.clip(pixels, 0, 255).round().astype("float32")
