"""Checkpoints of other classes, of all formats: all but the classifier is loaded."""

import numpy as np
import pytest
from slim_checkpoint import write_slim_checkpoint

import sact_keras
from sact_keras.checkpoints import pytorch_names, sact_names
from sact_keras.checkpoints.mismatch import CheckpointMismatchError


def small_model(num_classes, variant="sact"):
    return sact_keras.build_model(
        "vanilla", model="1", base_channels=4, num_classes=num_classes, variant=variant
    )


def weights_of(model):
    return {v.path.split("/", 1)[1]: v.numpy() for v in model.weights}


def arrays_of(named):
    """Arrays in the shapes of a checkpoint, under its names."""
    rng = np.random.default_rng(0)
    return {
        name: rng.uniform(0.1, 1, stored.shape).astype("float32")
        for name, stored in named
    }


def write_native(directory):
    model = small_model(10)
    for variable in model.weights:
        variable.assign(np.random.default_rng(0).uniform(0.1, 1, variable.shape))
    model.save_weights(directory / "ten.weights.h5")
    return directory / "ten.weights.h5", "sact"


def write_sact(directory):
    arrays = arrays_of(sact_names.named_variables(small_model(10)))
    return write_slim_checkpoint(directory, arrays), "sact"


def write_pytorch(directory):
    torch = pytest.importorskip("torch")
    arrays = arrays_of(pytorch_names.named_variables(small_model(10, "aig")))
    state = {name: torch.from_numpy(array) for name, array in arrays.items()}
    torch.save({"state_dict": state}, directory / "model_best.pth.tar")
    return directory / "model_best.pth.tar", "aig"


@pytest.mark.parametrize("write", [write_native, write_sact, write_pytorch])
def test_all_but_the_classifier(tmp_path, write):
    path, variant = write(tmp_path)
    ten, seven = small_model(10, variant), small_model(7, variant)
    sact_keras.load_checkpoint(ten, path)
    fresh, expected = weights_of(seven), weights_of(ten)
    said = "is of 10 classes, the model of 7: .* pass skip_classifier=True"
    with pytest.raises(CheckpointMismatchError, match=said):
        sact_keras.load_checkpoint(seven, path)
    sact_keras.load_checkpoint(seven, path, skip_classifier=True)
    for name, found in weights_of(seven).items():
        source = fresh if name.startswith("head/logits/") else expected
        np.testing.assert_array_equal(found, source[name], err_msg=name)


def test_a_classifier_that_would_fit_is_left_all_the_same(tmp_path):
    path, _ = write_native(tmp_path)
    model = small_model(10)
    fresh = weights_of(model)["head/logits/kernel"]
    sact_keras.load_checkpoint(model, path, skip_classifier=True)
    np.testing.assert_array_equal(weights_of(model)["head/logits/kernel"], fresh)
