"""Half-copied and damaged checkpoints of the original: one sentence that names a file.

Whatever it is, the model stays as it was.
"""

from pathlib import Path

import numpy as np
import pytest
from slim_checkpoint import write_slim_checkpoint

import sact_keras
from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.checkpoints.sact import find_tensorflow_checkpoint
from sact_keras.checkpoints.sact_names import named_variables


@pytest.fixture(scope="module")
def model():
    return sact_keras.build_model("sact", model="1_2_1", base_channels=4)


@pytest.fixture
def write(model, tmp_path):
    """Writes a checkpoint that fits the model; returns its prefix."""

    def write(**arguments):
        arrays = {n: np.ones(s.shape, "float32") for n, s in named_variables(model)}
        return write_slim_checkpoint(tmp_path, arrays, **arguments)

    return write


def assert_refused(model, path, error, *texts):
    before = model.get_weights()
    with pytest.raises(error) as caught:
        sact_keras.load_checkpoint(model, path)
    message = str(caught.value)
    assert "\n" not in message
    for text in texts:
        assert text in message
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("by_directory", [True, False])
def test_an_index_without_data(model, write, tmp_path, by_directory):
    prefix = write()
    Path(f"{prefix}.data-00000-of-00001").unlink()
    path = tmp_path if by_directory else prefix
    missing = f"{prefix}.data-?????-of-????? is missing"
    assert_refused(model, path, FileNotFoundError, missing)


def test_data_without_an_index(model, write, tmp_path):
    prefix = write()
    index = Path(f"{prefix}.index")
    index.unlink()
    for path in (tmp_path, prefix, f"{prefix}.data-00000-of-00001"):
        assert_refused(model, path, FileNotFoundError, f"{index} is missing")


@pytest.mark.parametrize(
    ("version", "name"), [(1, "-00001-of-00003"), (2, ".data-00001-of-00003")]
)
def test_a_missing_shard(model, write, tmp_path, version, name):
    prefix = write(version=version, shards=3)
    Path(f"{prefix}{name}").unlink()
    for path in (tmp_path, prefix):
        assert_refused(
            model, path, FileNotFoundError, f"{prefix}{name} is missing", "not whole"
        )


@pytest.mark.parametrize("shards", [1, 2])
@pytest.mark.parametrize("length", [0, 1000])
def test_data_cut_short(model, write, shards, length):
    prefix = write(shards=shards)
    data = Path(f"{prefix}.data-00000-of-{shards:05d}")
    data.write_bytes(data.read_bytes()[:length])
    assert_refused(model, prefix, DamagedFileError, "is damaged", str(data))


@pytest.mark.parametrize(
    ("version", "suffix"), [(1, ""), (2, ".data-00000-of-00001"), (2, ".index")]
)
@pytest.mark.parametrize("place", [0.01, 0.5, 0.9])
def test_a_flipped_byte(model, write, version, suffix, place):
    file = Path(f"{write(version=version)}{suffix}")
    content = bytearray(file.read_bytes())
    content[int(len(content) * place)] ^= 0xFF
    file.write_bytes(content)
    assert_refused(model, file, DamagedFileError, "is damaged", str(file))


@pytest.mark.parametrize(("version", "suffix"), [(1, ""), (2, ".index")])
@pytest.mark.parametrize("length", [0, 40, -1])
def test_an_index_cut_short(model, write, tmp_path, version, suffix, length):
    prefix = write(version=version)
    index = Path(f"{prefix}{suffix}")
    index.write_bytes(index.read_bytes()[:length])
    for path in (tmp_path, prefix):
        assert_refused(model, path, DamagedFileError, f"{index} (", "cut short")


def test_an_index_of_something_else(model, tmp_path):
    index = tmp_path / "model.ckpt-1.index"
    index.write_text("This is not an index.")
    assert_refused(model, tmp_path / "model.ckpt-1", DamagedFileError, str(index))


def test_a_state_that_names_missing_files(model, tmp_path):
    state = tmp_path / "checkpoint"
    state.write_text('model_checkpoint_path: "model.ckpt-7"\n')
    texts = (f"{state} names the checkpoint model.ckpt-7,", f"no file in {tmp_path}")
    assert_refused(model, tmp_path, FileNotFoundError, *texts)


@pytest.mark.parametrize("named", [".", "./", "/", ".."])
def test_a_state_that_names_a_directory(model, tmp_path, named):
    (tmp_path / "checkpoint").write_text(f'model_checkpoint_path: "{named}"\n')
    assert_refused(model, tmp_path, FileNotFoundError, "names the checkpoint")


def test_a_state_that_names_what_no_file_can_be_called(model, tmp_path):
    state = tmp_path / "checkpoint"
    state.write_text(f'model_checkpoint_path: "{"x" * 300}"\n')
    text = f"{state} names a checkpoint that cannot be looked for"
    assert_refused(model, tmp_path, DamagedFileError, text)


@pytest.mark.parametrize(
    "content",
    [b"", b" \n", b'model_checkpoint_path: ""', b"\xff\xfe", b"hello", b"x" * 200],
)
def test_a_state_that_names_nothing(model, tmp_path, content):
    state = tmp_path / "checkpoint"
    state.write_bytes(content)
    assert_refused(model, tmp_path, DamagedFileError, f"{state} must name a checkpoint")


@pytest.mark.parametrize(
    "place", ["", "nothing", "model.ckpt-5", "notes.txt", ".index"]
)
def test_what_is_no_tensorflow_checkpoint_is_not_found(tmp_path, place):
    (tmp_path / "notes.txt").write_text("model_checkpoint_path")
    assert find_tensorflow_checkpoint(tmp_path / place) is None
