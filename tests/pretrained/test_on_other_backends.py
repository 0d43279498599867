"""Pretrained networks load where there is no TensorFlow."""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest

import sact_keras

PROGRAM = """
import sys
sys.modules["tensorflow"] = None
import keras
import numpy as np
import sact_keras
images = np.load(sys.argv[1])
outputs = sact_keras.load_pretrained("shapes_sact_resnet32").predict(images, verbose=0)
found = {name: outputs[name] for name in ("logits", "ponder_cost_map")}
np.savez(sys.argv[2], backend=keras.backend.backend(), **found)
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_same_network(backend, tmp_path, project_root):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"needs {backend}")
    images = np.random.default_rng(0).normal(size=(4, 32, 32, 3)).astype("float32")
    np.save(tmp_path / "images.npy", images)
    paths = [str(tmp_path / name) for name in ("images.npy", "found.npz")]
    environment = {
        **os.environ,
        "KERAS_BACKEND": backend,
        "PYTHONPATH": str(project_root),
    }
    subprocess.run([sys.executable, "-c", PROGRAM, *paths], env=environment, check=True)
    expected = sact_keras.load_pretrained("shapes_sact_resnet32")(images)
    with np.load(paths[1]) as found:
        assert found["backend"] == backend
        for name in ("logits", "ponder_cost_map"):
            np.testing.assert_allclose(found[name], expected[name], atol=1e-3)
