"""Finding where records begin, and where a file is damaged."""

import cifar_on_disk as disk
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sact_keras.data import DatasetError
from sact_keras.data.record_index import index_records


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    files=st.lists(
        st.lists(st.binary(max_size=300), min_size=1, max_size=5),
        min_size=1,
        max_size=4,
    )
)
def test_records_are_where_the_index_says(files, tmp_path):
    paths = [tmp_path / str(number) for number in range(len(files))]
    for path, records in zip(paths, files, strict=True):
        disk.write_records(path, records)
    index = index_records(paths, description="")
    assert len(index) == sum(map(len, files))
    places = [index.place(number) for number in range(len(index))]
    assert places == [
        (path, number)
        for path, records in zip(paths, files, strict=True)
        for number in range(len(records))
    ]
    for offset, (path, number) in zip(index.offsets, places, strict=True):
        assert offset == disk.record_offset(path, number)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "records"
    disk.write_records(path, [bytes([number]) * 50 for number in range(6)])
    return path


def cut_in_data(file):
    file.write_bytes(file.read_bytes()[: disk.record_offset(file, 4) + 30])


def cut_in_header(file):
    file.write_bytes(file.read_bytes()[: disk.record_offset(file, 4) + 5])


def cut_in_checksum(file):
    file.write_bytes(file.read_bytes()[: disk.record_offset(file, 5) - 1])


def flip_length(file):
    disk.flip_byte(file, disk.record_offset(file, 4))


def flip_high_byte_of_length(file):
    disk.flip_byte(file, disk.record_offset(file, 4) + 7)


def flip_checksum_of_length(file):
    disk.flip_byte(file, disk.record_offset(file, 4) + 9)


@pytest.mark.parametrize(
    "damage",
    [
        cut_in_data,
        cut_in_header,
        cut_in_checksum,
        flip_length,
        flip_high_byte_of_length,
        flip_checksum_of_length,
    ],
)
def test_damage_is_named_and_what_precedes_it_is_usable(damage, file, tmp_path):
    other = tmp_path / "other"
    disk.write_records(other, [b"x"])
    damage(file)
    with pytest.raises(DatasetError, match="corrupt or cut short") as raised:
        index_records([file, other], description="")
    assert (raised.value.path, raised.value.record) == (str(file), 4)
    index = index_records([file, other], description="", skip_bad_records=True)
    np.testing.assert_array_equal(index.shards, [0, 0, 0, 0, 1])
    assert [str(fault) for fault in index.faults] == [str(raised.value)]


def test_first_damaged_file_is_named(tmp_path):
    paths = [tmp_path / str(number) for number in range(5)]
    for path in paths:
        disk.write_records(path, [b"record"] * 3)
    flip_checksum = {1: 2, 3: 0}
    for number, record in flip_checksum.items():
        offset = disk.record_offset(paths[number], record)
        disk.flip_byte(paths[number], offset + 9)
    with pytest.raises(DatasetError) as raised:
        index_records(paths, description="")
    assert (raised.value.path, raised.value.record) == (str(paths[1]), 2)


def test_empty_file_is_an_error(file):
    file.write_bytes(b"")
    with pytest.raises(DatasetError, match="holds no records"):
        index_records([file], description="")


def test_missing_file_is_an_error(tmp_path):
    with pytest.raises(DatasetError, match="cannot be read") as raised:
        index_records([tmp_path / "missing"], description="")
    assert raised.value.path == str(tmp_path / "missing")


def test_stated_length_is_compared(file):
    assert len(index_records([file], description="", stated_lengths=[6])) == 6
    with pytest.raises(DatasetError, match=r"holds 6 records, .* states 7"):
        index_records([file], description="", stated_lengths=[7])
