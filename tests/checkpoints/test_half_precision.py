"""Kernels in float16, everything else as it was."""

import io

import h5py
import keras
import numpy as np
import pytest

import sact_keras
from sact_keras.checkpoints.encoding import encode_model
from sact_keras.checkpoints.half_precision import halve_kernels


@pytest.fixture
def model():
    return sact_keras.build_model("blockdrop", model="1", base_channels=4)


def test_what_keras_and_we_read_is_the_same(model, tmp_path):
    path = tmp_path / "half.weights.h5"
    path.write_bytes(halve_kernels(encode_model(model, path.name)))
    ours, theirs = (keras.models.clone_model(model) for _ in range(2))
    sact_keras.load_checkpoint(ours, path)
    theirs.load_weights(path)
    for old, new, other in zip(
        model.weights, ours.weights, theirs.weights, strict=True
    ):
        np.testing.assert_array_equal(new.numpy(), other.numpy())
        expected = old.numpy()
        if expected.ndim >= 2:
            np.testing.assert_allclose(new.numpy(), expected, rtol=1e-3, atol=1e-7)
        else:
            np.testing.assert_array_equal(new.numpy(), expected)


def test_damage_is_seen(model, tmp_path):
    path = tmp_path / "half.weights.h5"
    content = bytearray(halve_kernels(encode_model(model, path.name)))
    content[-100] ^= 1
    path.write_bytes(content)
    with pytest.raises(sact_keras.checkpoints.DamagedFileError, match="damaged"):
        sact_keras.load_checkpoint(model, path)


def test_what_float16_cannot_hold():
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file["layers/dense/vars/0"] = np.array([[1e5]], "float32")
    with pytest.raises(ValueError, match=r"65504.*layers/dense/vars/0"):
        halve_kernels(content.getvalue())
