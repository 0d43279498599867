import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest

import sact_keras
from sact_keras.checkpoints.damaged_file_error import DamagedFileError

LOAD = """
import sys
import numpy as np
import sact_keras
model = sact_keras.load_model(sys.argv[1])
images = np.linspace(-1, 1, 2 * 33 * 47 * 3, dtype="float32").reshape(2, 33, 47, 3)
np.save(sys.argv[2], model(images)["logits"])
"""


@pytest.mark.slow
def test_a_program_that_has_built_no_model(tmp_path, project_root):
    model = sact_keras.build_model(
        "sact", dataset="imagenet", model="1_2_1_1", base_channels=4, num_classes=5
    )
    path, logits = tmp_path / "small.keras", tmp_path / "logits.npy"
    model.save(path)
    command = [sys.executable, "-c", LOAD, str(path), str(logits)]
    subprocess.run(command, cwd=project_root, check=True, timeout=120)
    images = np.linspace(-1, 1, 2 * 33 * 47 * 3, dtype="float32")
    # Not bit by bit: other tests may have turned oneDNN on for programs that follow,
    # which processors without AVX-512 leave off.
    np.testing.assert_allclose(
        np.load(logits), model(images.reshape(2, 33, 47, 3))["logits"], atol=1e-5
    )


def test_no_such_file(tmp_path):
    with pytest.raises(ValueError, match=r"none\.keras"):
        sact_keras.load_model(tmp_path / "none.keras")


@pytest.fixture
def saved(tmp_path):
    model = sact_keras.build_model("vanilla", model="1", base_channels=4)
    model.save(tmp_path / "small.keras")
    return tmp_path / "small.keras"


def test_a_damaged_file_is_named(saved):
    content = bytearray(saved.read_bytes())
    content[len(content) // 2] ^= 1
    saved.write_bytes(content)
    with pytest.raises(DamagedFileError, match=r"small\.keras must be a \.keras file"):
        sact_keras.load_model(saved)


@pytest.mark.parametrize(
    ("module", "name"), [("os", "system"), ("keras.layers", "Lambda"), (None, "Dense")]
)
def test_of_other_classes_nothing_is_made(saved, module, name):
    with zipfile.ZipFile(saved) as archive:
        members = {member: archive.read(member) for member in archive.namelist()}
    config = json.loads(members["config.json"])
    config |= {"module": module, "class_name": name, "registered_name": None}
    members["config.json"] = json.dumps(config)
    with zipfile.ZipFile(saved, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    with pytest.raises(DamagedFileError, match="of a network of AdaptiveResNet"):
        sact_keras.load_model(saved)
