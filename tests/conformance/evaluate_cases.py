"""Evaluates saved models under whichever backend KERAS_BACKEND names.

`evaluate_cases.py <directory> <case> ...`: for each `<case>.keras` there, writes the
outputs for the images of the registry to `<case>-<backend>.npz`.
"""

import sys
from pathlib import Path

import keras
import numpy as np
import undrawn_weights  # noqa: F401  The files hold all weights.
from registry import flat_outputs, make_images

import sact_keras.models.adaptive_resnet  # noqa: F401  registers the class


def main():
    backend = keras.backend.backend()
    directory, *names = sys.argv[1:]
    for name in names:
        model = keras.saving.load_model(Path(directory) / f"{name}.keras")
        run = model
        if backend == "jax":
            import jax

            # Called eagerly, JAX would compile each operation by itself.
            run = jax.jit(model)
        outputs = flat_outputs(run(make_images()))
        np.savez(Path(directory) / f"{name}-{backend}.npz", **outputs)


if __name__ == "__main__":
    main()
