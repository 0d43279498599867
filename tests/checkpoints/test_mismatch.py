from pathlib import Path

import pytest

from sact_keras.checkpoints.mismatch import CheckpointMismatchError


def test_message_names_what_differs():
    error = CheckpointMismatchError(
        Path("run/model.h5"), ["lost"], ["found", "more"], [("w", (1, 2), (3, 4))]
    )
    assert isinstance(error, ValueError)
    assert error.path == "run/model.h5"
    first, *lines = str(error).splitlines()
    assert "run/model.h5" in first
    assert "does not fit the model" in first
    assert [line.strip() for line in lines] == [
        "missing in the checkpoint (1): lost",
        "unknown to the model (2): found, more",
        "wrong shape (1): w (model (1, 2), checkpoint (3, 4))",
    ]


@pytest.mark.parametrize(
    ("networks", "said"),
    [
        (("sact, CIFAR", "act, CIFAR"), " (act, CIFAR) does not fit the model (sact"),
        (("sact, CIFAR", "sact, CIFAR"), " does not fit the model:"),
        ((None, "sact, CIFAR"), " does not fit the model:"),
        (("sact, CIFAR", None), " does not fit the model:"),
    ],
)
def test_networks_are_named_where_they_differ(networks, said):
    error = CheckpointMismatchError("a.h5", ["w"], [], [], networks=networks)
    assert str(error).startswith(f"The checkpoint a.h5{said}")


def test_a_note_stands_at_the_end():
    error = CheckpointMismatchError("a.h5", ["w"], [], [], note="it is of a friend")
    assert str(error).endswith("\n  it is of a friend")


@pytest.mark.parametrize(
    ("count", "more"), [(8, None), (9, "and 1 more"), (200, "192")]
)
def test_long_lists_are_cut_short(count, more):
    names = [f"v{i}" for i in range(count)]
    error = CheckpointMismatchError("a.h5", names, [], [])
    assert error.missing == names
    text = str(error)
    assert f"({count}): v0, v1" in text
    assert "v7" in text
    assert "v8" not in text
    assert (more in text) if more else ("more" not in text)
    assert "unknown" not in text
    assert "wrong shape" not in text
