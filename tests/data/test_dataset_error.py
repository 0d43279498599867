"""What an error of data says."""

from pathlib import Path

import pytest

from sact_keras.data import DatasetError


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ({}, "it is gone"),
        ({"path": Path("a/b")}, "a/b: it is gone"),
        ({"path": "a/b", "record": 0}, "a/b, record 0: it is gone"),
    ],
)
def test_message_begins_with_the_place(place, message):
    error = DatasetError("it is gone", **place)
    assert str(error) == message
    assert error.path == (str(place["path"]) if place else None)
    assert error.record == place.get("record")
