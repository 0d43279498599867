import zipfile

import keras
import numpy as np
import pytest
from slim_checkpoint import write_slim_checkpoint
from torch_checkpoint import write_pickle

import sact_keras
from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.checkpoints.model_config import checkpoint_model_config
from sact_keras.checkpoints.store import CheckpointStore
from sact_keras.models.adaptive_resnet import AdaptiveResNet


@pytest.fixture
def model():
    return sact_keras.build_model(
        "act",
        dataset="imagenet",
        model="1_2_1_1",
        num_classes=3,
        base_channels=4,
        tau=2,
    )


def test_a_run_and_its_checkpoints_know_their_network(model, tmp_path):
    model.compile("sgd")
    checkpoint = CheckpointStore(tmp_path / "checkpoints").save(model, 1)
    for path in (tmp_path, checkpoint.path, str(checkpoint.path)):
        assert checkpoint_model_config(path) == model.get_config()


def test_a_keras_file_knows_its_network(model, tmp_path):
    model.save(tmp_path / "model.keras")
    config = checkpoint_model_config(tmp_path / "model.keras")
    assert config == model.get_config()
    other = AdaptiveResNet.from_config(config)
    other.build((None, None, None, 3))
    sact_keras.load_checkpoint(other, tmp_path / "model.keras")
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_others_do_not_say(model, tmp_path):
    model.save_weights(tmp_path / "model.weights.h5")
    write_slim_checkpoint(tmp_path / "original", {"v": np.ones(1, "float32")})
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(
        tmp_path / "dense.keras"
    )
    for name in ("model.weights.h5", "original", "dense.keras"):
        assert checkpoint_model_config(tmp_path / name) is None


@pytest.mark.parametrize("name", ["model_best.pth.tar", "model.ckpt-3"])
@pytest.mark.parametrize("old", [False, True])
def test_pytorchs_do_not_say(tmp_path, name, old):
    path = write_pickle(tmp_path / name, {"state_dict": {}}, old=old)
    assert checkpoint_model_config(path) is None


@pytest.mark.parametrize("content", [None, b"no JSON", b"\xff"])
def test_a_foreign_archive_is_damaged(tmp_path, content):
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "")
        if content is not None:
            archive.writestr("config.json", content)
    with pytest.raises(DamagedFileError, match=str(path)):
        checkpoint_model_config(path)


@pytest.mark.parametrize("name", ["", "none", "none.keras"])
def test_no_checkpoint(tmp_path, name):
    with pytest.raises(FileNotFoundError, match=str(tmp_path / name)):
        checkpoint_model_config(tmp_path / name)
