"""Counting each split when it is asked for."""

import pytest

from sact_keras.data.split_sizes import SplitSizes


def test_each_split_is_counted_once_and_when_asked_for():
    counted = []

    def count(split):
        counted.append(split)
        return len(split)

    sizes = SplitSizes(["train", "test"], count)
    assert (list(sizes), len(sizes), "test" in sizes) == (["train", "test"], 2, True)
    assert sizes.get("validation") is None
    assert "'train': '?'" in repr(sizes)
    assert counted == []
    assert (sizes["test"], sizes["test"]) == (4, 4)
    assert counted == ["test"]
    assert sizes == {"train": 5, "test": 4}
    assert counted == ["test", "train"]


def test_a_split_that_is_not_there_is_a_key_error():
    with pytest.raises(KeyError):
        SplitSizes(["train"], len)["test"]
