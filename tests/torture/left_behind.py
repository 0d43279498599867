"""What a disturbed program may leave behind: whole files, and nothing under way."""

from pathlib import Path

import numpy as np
from forking_server import Finished
from whole_files import check_final_files, read_arrays, temporary_files

from sact_keras.checkpoints.store import CheckpointStore


def check_sentence(finished: Finished, *parts: object) -> None:
    """Checks that a program has failed in one sentence that holds these parts."""
    assert finished.code == 1, (finished.code, finished.err)
    assert "Traceback" not in finished.err, finished.err
    assert "Exception ignored" not in finished.err, finished.err
    said = finished.said
    assert ": error: " in said, finished.err
    assert said.endswith("."), said
    for part in parts:
        assert str(part) in said, said


def check_whole(directory: Path) -> None:
    """Checks that every file below a directory is whole, and none is temporary."""
    left = temporary_files(directory)
    assert not left, left
    check_final_files(directory)


def arrays_of_run(directory: Path) -> dict[str, np.ndarray]:
    """Weights and optimizer of a run's latest checkpoint."""
    return read_arrays(CheckpointStore(directory / "checkpoints").latest().weights_path)


def check_same(found: dict, expected: dict) -> None:
    """Checks that arrays are the same, bit by bit."""
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


def names_below(directory: Path) -> set[str]:
    """The files below a directory; event files, whose names are times, as one."""
    return {
        "events" if "tfevents" in path.name else str(path.relative_to(directory))
        for path in directory.rglob("*")
        if path.is_file()
    }
