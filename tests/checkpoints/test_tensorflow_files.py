import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slim_checkpoint import write_slim_checkpoint
from torch_checkpoint import write_pickle

from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.checkpoints.tensorflow_files import TensorFlowFiles

ARRAYS = {f"v{i}": np.full(5, i, "float32") for i in range(6)}
KINDS = [(1, 1), (1, 3), (2, 1), (2, 3)]


def read(files):
    import tensorflow as tf

    reader = tf.train.load_checkpoint(files.reader_path)
    return {n: reader.get_tensor(n) for n in reader.get_variable_to_shape_map()}


@pytest.mark.parametrize(("version", "shards"), KINDS)
def test_files_are_found_and_can_be_read(tmp_path, version, shards):
    # TensorFlow takes [...] in a path for a pattern; in version 2, whatever we say.
    directory = tmp_path / ("a *? pattern" if version == 2 else "an [a-z]*? pattern")
    prefix = write_slim_checkpoint(directory, ARRAYS, version=version, shards=shards)
    write_slim_checkpoint(directory, ARRAYS, step=12345)  # A longer name beside it.
    files = TensorFlowFiles.find(prefix)
    assert files.prefix == prefix
    assert len(files.data) == shards
    assert len(files.all) == shards + (version == 2)
    assert all(file.is_file() for file in files.all)
    found = read(files)
    assert found.keys() == ARRAYS.keys()
    for name, value in found.items():
        np.testing.assert_array_equal(value, ARRAYS[name])


@pytest.mark.parametrize(("version", "shards"), KINDS)
def test_a_missing_file_is_named(tmp_path, version, shards):
    prefix = write_slim_checkpoint(tmp_path, ARRAYS, version=version, shards=shards)
    files = TensorFlowFiles.find(prefix)
    for file in files.all if shards > 1 or version == 2 else ():
        aside = file.rename(tmp_path / "aside")
        expected = str(file)
        if (version, shards) == (2, 1) and file != files.index:
            expected = f"{prefix}.data-?????-of-?????"  # Only the index is left.
        with pytest.raises(FileNotFoundError) as caught:
            TensorFlowFiles.find(prefix)
        assert f"{expected} is missing" in str(caught.value)
        aside.rename(file)
    assert TensorFlowFiles.find(prefix) == files


def test_several_missing_files_are_counted(tmp_path):
    prefix = write_slim_checkpoint(tmp_path, ARRAYS, shards=4)
    for number in (1, 2):
        Path(f"{prefix}.data-{number:05d}-of-00004").unlink()
    with pytest.raises(FileNotFoundError, match=r"00001-of-00004 \(and 1 more\)"):
        TensorFlowFiles.find(prefix)


def test_shards_of_a_saving_with_another_count_do_not_disturb(tmp_path):
    prefix = write_slim_checkpoint(tmp_path, ARRAYS, shards=2)
    Path(f"{prefix}.data-00001-of-00003").write_text("left over")
    assert len(TensorFlowFiles.find(prefix).data) == 2


def test_a_graph_alone_is_no_whole_checkpoint(tmp_path):
    (tmp_path / "model.ckpt-3.meta").write_text("a graph")
    with pytest.raises(FileNotFoundError, match=r"model\.ckpt-3\.index is missing"):
        TensorFlowFiles.find(tmp_path / "model.ckpt-3")


@pytest.mark.parametrize(("version", "shards"), KINDS)
@pytest.mark.parametrize("length", [0, 5, -1])
def test_a_table_cut_short_is_named(tmp_path, version, shards, length):
    prefix = write_slim_checkpoint(tmp_path, ARRAYS, version=version, shards=shards)
    index = TensorFlowFiles.find(prefix).index
    content = index.read_bytes()[:length]
    index.write_bytes(content)
    with pytest.raises(DamagedFileError) as caught:
        TensorFlowFiles.find(prefix)
    assert f"{index} ({len(content)} bytes)" in str(caught.value)


def test_version_1_is_told_by_its_content(tmp_path):
    prefix = write_slim_checkpoint(tmp_path, ARRAYS, version=1)
    plain = shutil.copy(prefix, tmp_path / "resnet101")
    assert TensorFlowFiles.find(plain).data == (tmp_path / "resnet101",)


@settings(deadline=None)
@given(content=st.binary(max_size=64))
def test_any_other_file_is_no_checkpoint(tmp_path_factory, content):
    directory = tmp_path_factory.mktemp("other")
    for name in ("notes.txt", "train-00000-of-00002", "train-00001-of-00002"):
        (directory / name).write_bytes(content)
        assert TensorFlowFiles.find(directory / name) is None
    assert TensorFlowFiles.find(directory / "train") is None
    assert TensorFlowFiles.find(directory / "nothing") is None


@pytest.mark.parametrize("prefix", ["nothing", "no/directory/model.ckpt-1"])
def test_nothing_is_found_where_nothing_is(tmp_path, monkeypatch, prefix):
    assert TensorFlowFiles.find(tmp_path / prefix) is None
    monkeypatch.chdir(tmp_path)
    assert TensorFlowFiles.find(prefix) is None


@pytest.mark.parametrize("old", [False, True])
def test_a_file_of_pytorch_may_be_named_as_one_of_tensorflow(tmp_path, old):
    path = write_pickle(tmp_path / "model.ckpt-1234", {"state_dict": {}}, old=old)
    assert TensorFlowFiles.find(path) is None
