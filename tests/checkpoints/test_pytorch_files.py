"""PyTorch's files: known by what is in them, and read without running anything."""

import collections
import pickle
import sys
import types
import zipfile

import h5py
import numpy as np
import pytest
from torch_checkpoint import CONTAINERS, Running, write_pickle, write_torch

from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.checkpoints.missing_extra_error import MissingExtraError
from sact_keras.checkpoints.pytorch_files import (
    is_pytorch_file,
    read_pytorch_file,
)


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="PyTorch's files are read by PyTorch")


@pytest.fixture
def state(torch):
    generator = torch.Generator().manual_seed(0)
    return collections.OrderedDict(
        {
            name: torch.randn(shape, generator=generator)
            for name, shape in {"w": (8, 4, 3, 3), "b": (8,), "v": (5, 8)}.items()
        }
    )


def assert_refused(path, *texts):
    with pytest.raises(DamagedFileError) as caught:
        read_pytorch_file(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    for text in texts:
        assert text in message


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        np.testing.assert_array_equal(found[name].numpy(), tensor.numpy())


@CONTAINERS
@pytest.mark.parametrize("name", ["model_best.pth.tar", "a.h5", "model.ckpt-3", "x"])
def test_a_file_is_known_by_its_content(tmp_path, old, name):
    path = write_pickle(tmp_path / name, {"state_dict": {}}, old=old)
    assert is_pytorch_file(path)
    assert is_pytorch_file(str(path))


@CONTAINERS
def test_a_file_that_is_cut_short_is_still_known(tmp_path, old):
    path = write_pickle(tmp_path / "a.pth", {"state_dict": {}}, old=old)
    content = path.read_bytes()
    for length in (60, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        assert is_pytorch_file(path)


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"PK\x03\x04", b"\x80\x02\x8a\nl\xfc", b"state_dict" * 500]
)
def test_other_content_is_not_known_by_a_name(tmp_path, content):
    path = tmp_path / "model_best.pth.tar"
    path.write_bytes(content)
    assert not is_pytorch_file(path)


def test_other_files_are_others(tmp_path):
    pickled, archive, hdf5 = (tmp_path / name for name in ("a.pth", "b.pth", "c.pth"))
    pickled.write_bytes(pickle.dumps({"state_dict": {}}))
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("config.json", "{}")
        file.writestr("model.weights.h5", b"")
    with h5py.File(hdf5, "w") as file:
        file["data.pkl"] = np.zeros(3)
    for path in (pickled, archive, hdf5, tmp_path, tmp_path / "nothing.pth"):
        assert not is_pytorch_file(path)


@CONTAINERS
@pytest.mark.parametrize("nested", [True, False])
def test_a_file_that_would_run_a_program_runs_none(tmp_path, torch, old, nested):
    witness = tmp_path / "has_run"
    evil = Running(witness)
    content = {"state_dict": {"conv1.weight": evil}} if nested else evil
    path = write_pickle(tmp_path / "model_best.pth.tar", content, old=old)
    assert_refused(path, "it holds io.open, and only tensors", "could run code")
    assert not witness.exists()
    # Who trusts the file sees that it does run.
    torch.load(path, weights_only=False)
    assert witness.exists()


@CONTAINERS
def test_the_environment_cannot_ask_for_more(tmp_path, torch, monkeypatch, old):
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    witness = tmp_path / "has_run"
    path = write_pickle(tmp_path / "a.pth", Running(witness), old=old)
    assert_refused(path, "could run code")
    assert not witness.exists()


def test_a_pickle_alone_is_never_read(tmp_path):
    witness = tmp_path / "has_run"
    path = tmp_path / "model_best.pth.tar"
    path.write_bytes(pickle.dumps({"state_dict": Running(witness)}))
    assert not is_pytorch_file(path)
    assert not witness.exists()
    pickle.loads(path.read_bytes())["state_dict"].close()
    assert witness.exists()


@CONTAINERS
def test_a_pickled_module_is_refused_by_its_class(tmp_path, torch, old):
    path = write_torch(tmp_path / "a.pth", torch.nn.Linear(2, 2), old=old)
    assert_refused(path, "torch.nn.modules.linear.Linear", "could run code")


def test_an_archive_of_torchscript(tmp_path, torch):
    path = write_pickle(tmp_path / "a.pt", {})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("archive/constants.pkl", pickle.dumps(()))
    assert_refused(path, "TorchScript")


@CONTAINERS
def test_a_file_cut_short(tmp_path, state, old):
    path = write_torch(tmp_path / "a.pth", {"state_dict": state}, old=old)
    content = path.read_bytes()
    for length in (60, 300, len(content) // 2, len(content) - 100, len(content) - 1):
        path.write_bytes(content[:length])
        assert_refused(path, "cannot be read")


@CONTAINERS
def test_flipped_bits(tmp_path, state, old):
    """An archive has checksums; what is read in spite of a flip is what was written.

    The old container has none, so flips among its numbers go unseen.
    """
    path = write_torch(tmp_path / "a.pth", state, old=old)
    content, generator = path.read_bytes(), np.random.default_rng(0)
    refused = 0
    for position in generator.integers(20, len(content), size=80):
        damaged = bytearray(content)
        damaged[position] ^= 0x55
        path.write_bytes(damaged)
        try:
            found = read_pytorch_file(path)
        except DamagedFileError as error:
            assert str(path) in str(error)
            refused += 1
        else:
            if not old:
                assert_same(found, state)
    assert refused


def test_without_pytorch_the_extra_is_named(tmp_path, monkeypatch):
    path = write_pickle(tmp_path / "a.pth", {})
    monkeypatch.setitem(sys.modules, "torch", None)
    assert is_pytorch_file(path)
    with pytest.raises(MissingExtraError, match="no PyTorch") as caught:
        read_pytorch_file(path)
    assert "pip install 'sact_keras[import]'" in str(caught.value)
    assert str(path) in str(caught.value)
    assert isinstance(caught.value, ImportError)


@pytest.mark.parametrize("version", ["1.13.1", "2.5.1+cu121", "2.9.1"])
def test_a_pytorch_that_is_not_safe_is_not_used(tmp_path, monkeypatch, version):
    path = write_pickle(tmp_path / "a.pth", {})
    unsafe = types.SimpleNamespace(__version__=version)
    monkeypatch.setitem(sys.modules, "torch", unsafe)
    with pytest.raises(MissingExtraError, match=r"2\.10 or newer") as caught:
        read_pytorch_file(path)
    assert f"Received: PyTorch {version}" in str(caught.value)
