"""How many classes checkpoints are of, ours and the originals'."""

import numpy as np
import pytest
from slim_checkpoint import write_slim_checkpoint

import sact_keras
from sact_keras.checkpoints.class_count import checkpoint_num_classes


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("scope", ["resnet_residual", "resnet_v2"])
def test_an_original_of_tensorflow(scope, version, tmp_path):
    arrays = {
        f"{scope}/logits/biases": np.zeros(11, np.float32),
        f"{scope}/block_1/unit_1/halting_proba/logits/biases": np.zeros(1, np.float32),
    }
    write_slim_checkpoint(tmp_path, arrays, version=version)
    assert checkpoint_num_classes(tmp_path) == 11


@pytest.mark.parametrize("name", ["fc.bias", "linear.bias"])
def test_an_original_of_pytorch(name, tmp_path):
    torch = pytest.importorskip("torch", reason="reads files of PyTorch")
    gates = {"layer1.0.fc1.bias": torch.zeros(16), "layer1.0.fc2.bias": torch.zeros(2)}
    path = tmp_path / "model.pth"
    torch.save({"state_dict": {name: torch.zeros(50), **gates}}, path)
    assert checkpoint_num_classes(path) == 50


def test_one_of_ours(tmp_path):
    model = sact_keras.build_model("aig", model="1", base_channels=4, num_classes=7)
    model.save(tmp_path / "model.keras")
    assert checkpoint_num_classes(tmp_path / "model.keras") == 7
    model.save_weights(tmp_path / "model.weights.h5")
    assert checkpoint_num_classes(tmp_path / "model.weights.h5") is None


def test_what_has_no_classifier(tmp_path):
    write_slim_checkpoint(tmp_path, {"global_step": np.zeros(1, np.float32)})
    assert checkpoint_num_classes(tmp_path) is None
