import h5py
import numpy as np
import pytest

import sact_keras
from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.checkpoints.squeeze import squeeze_checkpoint


@pytest.fixture(scope="module")
def model():
    return sact_keras.build_model("vanilla", model="1", base_channels=4)


@pytest.fixture
def sealed(model, tmp_path):
    model.save(tmp_path / "model.keras")
    target = tmp_path / "small.weights.h5"
    return squeeze_checkpoint(model, tmp_path / "model.keras", target).path


def test_keras_reads_sealed_weights(model, sealed):
    other = sact_keras.build_model("vanilla", model="1", base_channels=4)
    other.load_weights(sealed)
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_number_that_was_altered_is_seen(model, sealed):
    content = bytearray(sealed.read_bytes())
    kernel = next(w for w in model.get_weights() if w.ndim == 4).tobytes()
    content[content.index(kernel) + 5] ^= 1
    sealed.write_bytes(content)
    with pytest.raises(DamagedFileError, match=f"{sealed} is damaged: its weights"):
        sact_keras.load_checkpoint(model, sealed)


@pytest.mark.parametrize("place", [0, 40, 300])
def test_a_seal_that_was_altered_is_none(model, sealed, place):
    content = bytearray(sealed.read_bytes())
    content[place] ^= 1
    sealed.write_bytes(content)
    with pytest.raises(DamagedFileError, match=f"{sealed} is damaged"):
        sact_keras.load_checkpoint(model, sealed)


def test_bytes_behind_the_weights_are_seen(model, sealed):
    with sealed.open("ab") as file:
        file.write(b"x")
    with pytest.raises(DamagedFileError, match="damaged"):
        sact_keras.load_checkpoint(model, sealed)


@pytest.mark.parametrize("kind", ["external", "virtual"])
def test_numbers_in_other_files_are_not_read(model, tmp_path, kind):
    """Or weights could be made of any file that the program may read."""
    path, other = tmp_path / "a.weights.h5", tmp_path / "secret"
    other.write_bytes(bytes(1000))
    model.save_weights(path)
    with h5py.File(path, "r+") as file:
        keys = []
        file.visititems(
            lambda key, item: keys.append(key) if hasattr(item, "dtype") else None
        )
        shape = file[keys[0]].shape
        del file[keys[0]]
        if kind == "external":
            size = 4 * int(np.prod(shape))
            file.create_dataset(keys[0], shape, "f4", external=[(other, 0, size)])
        else:
            layout = h5py.VirtualLayout(shape, "f4")
            layout[...] = h5py.VirtualSource(other, "x", shape)
            file.create_virtual_dataset(keys[0], layout)
    with pytest.raises(DamagedFileError, match="of numbers in another file"):
        sact_keras.load_checkpoint(model, path)
