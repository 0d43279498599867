"""A compact network answers several threads at a time."""

import subprocess
import sys

import pytest

# In a process of its own: what threads corrupt may end it.
FROM_THREADS = """
import concurrent.futures, random
import numpy as np
import tensorflow as tf
import sact_keras

model = sact_keras.build_model("dynconv", model="2")
rng = np.random.default_rng(0)
for variable in model.weights:
    if variable.name in ("beta", "bias"):  # Zeros are not added at all.
        variable.assign(rng.normal(0, 0.3, variable.shape))
fast = sact_keras.compact(model)
batches = [
    tf.constant(rng.normal(0, 0.5 + contrast, (8, 32, 32, 3)), tf.float32)
    for contrast in range(4)
]
expected = [fast(images)["logits"].numpy() for images in batches]

def call(seed):
    place = random.Random(seed).randrange(len(batches))
    found = fast(batches[place])["logits"].numpy()
    np.testing.assert_allclose(found, expected[place], rtol=1e-3, atol=1e-3)

with concurrent.futures.ThreadPoolExecutor(8) as executor:
    list(executor.map(call, range(400)))
"""


@pytest.mark.slow
def test_eight_threads_do_not_disturb_each_other(project_root):
    finished = subprocess.run(
        [sys.executable, "-c", FROM_THREADS],
        cwd=project_root,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr[-2000:]
