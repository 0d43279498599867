import io
import warnings
import zipfile

import numpy as np
import pytest
from pytorch_models import AIG, assert_refused, build, random_state, write_state
from torch_checkpoint import write_pickle

from sact_keras.checkpoints.archive import ArchiveError, check_archive
from sact_keras.checkpoints.damaged_file_error import DamagedFileError


def write_archive(members, method=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Of the names that come twice.
        with zipfile.ZipFile(file, "w", method) as archive:
            for name, content in members:
                archive.writestr(name, content)
    return file


def test_a_whole_archive_is_told_by_its_names():
    file = write_archive([("a", b"1"), ("b/c", b"23")], zipfile.ZIP_DEFLATED)
    assert check_archive(file) == ["a", "b/c"]
    assert file.tell() == 0


def test_an_altered_part_is_named():
    file = write_archive([("a", b"111"), ("b", b"222")])
    file.getbuffer()[file.getvalue().index(b"222")] = ord("3")
    with pytest.raises(ArchiveError, match="its part b is not what was written"):
        check_archive(file)


def test_two_parts_of_one_name():
    with pytest.raises(ArchiveError, match="several parts a"):
        check_archive(write_archive([("a", b"1"), ("b", b"2"), ("a", b"3")]))


def test_what_would_fill_the_memory_is_not_unpacked(tmp_path):
    pytest.importorskip("torch", reason="PyTorch's files are read by PyTorch")
    content = write_archive([("a/data.pkl", bytes(2**22))], zipfile.ZIP_DEFLATED)
    path = tmp_path / "model_best.pth.tar"
    path.write_bytes(content.getvalue())
    text = "bytes would become 4,194,304"
    assert_refused(DamagedFileError, build(**AIG), path, text)


@pytest.mark.parametrize("field", [6, 8, 10])
def test_what_python_does_not_unpack_is_named(tmp_path, field):
    """The version, the flags (encrypted, names in UTF-8) and the method of a part."""
    pytest.importorskip("torch", reason="PyTorch's files are read by PyTorch")
    path = write_pickle(tmp_path / "a.pth", {"state_dict": {}})
    content = bytearray(path.read_bytes())
    place = content.index(b"PK\x01\x02") + field
    content[place : place + 2] = b"\xff\xff"
    path.write_bytes(content)
    assert_refused(DamagedFileError, build(**AIG), path, str(path))


def test_numbers_that_are_not_finite_are_refused(tmp_path):
    pytest.importorskip("torch", reason="PyTorch's files are read by PyTorch")
    model = build(**AIG)
    state = random_state(model)
    state["fc.bias"][3] = np.nan
    path = write_state(tmp_path / "a.pth", state)
    assert_refused(DamagedFileError, model, path, f"fc.bias in {path} holds a NaN")
