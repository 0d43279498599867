import numpy as np
import pytest
from slim_checkpoint import write_slim_checkpoint

from sact_keras.checkpoints.tensorflow_index import TableError, check_index

# Of so many variables that the names share beginnings and the table has several blocks.
ARRAYS = {f"scope_{n // 100}/variable_{n}": np.ones(3, "float32") for n in range(9000)}
SHAPE = b"\x12\x04\x12\x02\x08\x03"
"""Of [3], within an entry."""


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    prefix = write_slim_checkpoint(tmp_path_factory.mktemp("index"), ARRAYS)
    with open(f"{prefix}.index", "rb") as file:  # noqa: PTH123
        return file.read()


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "model.ckpt-1.index"
        path.write_bytes(content)
        return path

    return write


def test_an_index_of_tensorflow_is_as_it_should_be(content, write):
    check_index(write(content))


@pytest.mark.parametrize(
    ("altered", "said"),
    [
        (b"\x12\x04\x12\x02\x08\x83", "not as it should be"),
        (b"\x12\x04\x18\x01\x08\x03", r"the shape \[\]"),
    ],
)
def test_an_entry_that_would_end_the_program(content, write, altered, said):
    place = content.rindex(SHAPE)
    content = content[:place] + altered + content[place + len(SHAPE) :]
    with pytest.raises(TableError, match=said):
        check_index(write(content))


def test_an_unknown_type(content, write):
    place = content.rindex(SHAPE) - 1
    assert content[place - 1 : place + 1] == b"\x08\x01"
    with pytest.raises(TableError, match="the type 0"):
        check_index(write(content[:place] + b"\0" + content[place + 1 :]))


@pytest.mark.parametrize("place", [0.0, 0.3, 0.6, 0.9])
def test_altered_bytes_are_refused(content, write, place):
    altered = bytearray(content)
    start = int(place * len(altered))
    altered[start : start + 20] = b"\xff" * 20
    with pytest.raises(TableError):
        check_index(write(altered))
