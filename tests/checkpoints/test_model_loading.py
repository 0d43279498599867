import subprocess
import sys

import numpy as np
import pytest

import sact_keras

LOAD = """
import sys
import numpy as np
import sact_keras
model = sact_keras.load_model(sys.argv[1])
images = np.linspace(-1, 1, 2 * 33 * 47 * 3, dtype="float32").reshape(2, 33, 47, 3)
np.save(sys.argv[2], model(images)["logits"])
"""


def test_a_program_that_has_built_no_model(tmp_path, project_root):
    model = sact_keras.build_model(
        "sact", dataset="imagenet", model="1_2_1_1", base_channels=4, num_classes=5
    )
    path, logits = tmp_path / "small.keras", tmp_path / "logits.npy"
    model.save(path)
    command = [sys.executable, "-c", LOAD, str(path), str(logits)]
    subprocess.run(command, cwd=project_root, check=True, timeout=120)
    images = np.linspace(-1, 1, 2 * 33 * 47 * 3, dtype="float32")
    np.testing.assert_array_equal(
        np.load(logits), model(images.reshape(2, 33, 47, 3))["logits"]
    )


def test_no_such_file(tmp_path):
    with pytest.raises(ValueError, match=r"none\.keras"):
        sact_keras.load_model(tmp_path / "none.keras")
