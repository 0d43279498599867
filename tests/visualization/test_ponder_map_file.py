"""Tests of the HDF5 files of ponder maps."""

import errno
import os
import signal
import subprocess
import sys

import h5py
import numpy as np
import pytest
from conftest import PROJECT_ROOT

from sact_keras.visualization import (
    PonderMapFile,
    read_ponder_map_attributes,
    read_ponder_map_batches,
    read_ponder_maps,
)

# Writes a batch, says so and waits to be killed.
KILLED = """
import sys, time
import numpy as np
from sact_keras.visualization import PonderMapFile
with PonderMapFile(sys.argv[1]) as file:
    file.append({"flops": np.arange(3)})
    print("written", flush=True)
    time.sleep(60)
"""


def make_maps(number, seed=0):
    rng = np.random.default_rng(seed)
    return {
        "images": rng.normal(size=(number, 8, 12, 3)).astype(np.float32),
        # Beyond what float32, and float64, count exactly.
        "flops": 2**60 + np.arange(number),
        "block_1/ponder_cost": rng.random((number, 4, 6), np.float32),
        "block_1/num_units": rng.integers(0, 4, (number, 4, 6), np.int32),
        "block_1/halting_distribution": rng.random((number, 4, 6, 3), np.float32),
        "block_1/flops": rng.integers(0, 2**40, number),
        "ponder_cost_map": rng.random((number, 8, 12), np.float32),
        "num_units_map": rng.integers(0, 4, (number, 8, 12), np.int32),
        "executed_units": rng.random((number, 3), np.float32),
    }


def test_another_program_reads_the_keys_and_shapes_of_the_original(tmp_path):
    with PonderMapFile(tmp_path / "maps.h5", {"num_units": (3,)}) as file:
        file.append(make_maps(2), {"file_names": ["a.jpg", "ü b.png"]})
    with h5py.File(tmp_path / "maps.h5") as file:
        assert list(file.attrs["block_scopes"]) == ["block_1"]
        assert file.attrs["num_units"].tolist() == [3]
        assert file["images"].shape == (2, 8, 12, 3)
        assert file["ponder_cost_map"].shape == (2, 8, 12, 1)
        assert file["num_units_map"].shape == (2, 8, 12, 1)
        assert file["block_1/halting_distribution"].shape == (2, 4, 6, 3)
        assert file["flops"].dtype == np.int64
        assert file["block_1/ponder_cost"].dtype == np.float32
        assert file["file_names"].asstr()[:].tolist() == ["a.jpg", "ü b.png"]
        datasets = []
        file.visititems(
            lambda _, item: (
                datasets.append(item) if isinstance(item, h5py.Dataset) else None
            )
        )
        assert len(datasets) == 10
        assert {item.compression for item in datasets} == {"lzf"}


def test_what_is_written_in_batches_is_read_back(tmp_path):
    maps = make_maps(7)
    with PonderMapFile(tmp_path / "maps.h5", {"model_type": "sact"}) as file:
        for rows in (slice(0, 3), slice(3, 6), slice(6, 7)):
            part = {name: values[rows] for name, values in maps.items()}
            file.append(part, {"indices": np.arange(7)[rows]})
        assert file.num_images == 7
    found = read_ponder_maps(tmp_path / "maps.h5")
    assert found.keys() == {*maps, "indices"}
    for name, values in maps.items():
        np.testing.assert_array_equal(found[name], values)
        assert found[name].dtype == values.dtype
    some = read_ponder_maps(tmp_path / "maps.h5", 2, 5)
    np.testing.assert_array_equal(some["ponder_cost_map"], maps["ponder_cost_map"][2:5])
    batches = read_ponder_map_batches(tmp_path / "maps.h5", "num_units_map", 4)
    assert [len(batch) for batch in batches] == [4, 3]
    attributes = read_ponder_map_attributes(tmp_path / "maps.h5")
    assert attributes == {"block_scopes": ["block_1"], "model_type": "sact"}


def test_batches_are_on_the_disk_before_the_last(tmp_path):
    """Otherwise memory would grow with the number of images."""
    rng = np.random.default_rng(0)
    with PonderMapFile(tmp_path / "maps.h5") as file:
        (temporary,) = tmp_path.iterdir()
        sizes = []
        for _ in range(4):
            file.append({"images": rng.random((64, 64, 64, 3), np.float32)})
            sizes.append(temporary.stat().st_size)
    batch_bytes = 64 * 64 * 64 * 3 * 4
    assert np.diff(sizes).min() > batch_bytes // 2


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ({"flops": np.arange(2)}, "entries of the batches before"),
        ({"images": np.zeros((2, 9, 8, 3)), "flops": np.arange(2)}, "must have shape"),
        ({"images": np.zeros((2, 8, 8, 3)), "flops": np.arange(3)}, "equally many"),
    ],
)
def test_batches_that_do_not_go_together_are_refused(tmp_path, second, message):
    first = {"images": np.zeros((1, 8, 8, 3)), "flops": np.arange(1)}
    with (
        pytest.raises(ValueError, match=message),
        PonderMapFile(tmp_path / "maps.h5") as file,
    ):
        file.append(first)
        file.append(second)
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_there_stays_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "maps.h5"
    with PonderMapFile(path) as file:
        file.append({"flops": np.arange(2)})
    with pytest.raises(KeyboardInterrupt), PonderMapFile(path) as file:
        file.append({"flops": np.arange(5)})
        raise KeyboardInterrupt
    assert len(read_ponder_maps(path)["flops"]) == 2
    assert list(tmp_path.iterdir()) == [path]


def test_a_killed_program_leaves_nothing_under_the_name(tmp_path):
    path = tmp_path / "maps.h5"
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)],
        cwd=PROJECT_ROOT,
        env=os.environ,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout.readline() == "written\n"
        program.send_signal(signal.SIGKILL)
    assert not path.exists()


def test_other_files_are_refused(tmp_path):
    (tmp_path / "text.h5").write_text("no HDF5")
    with pytest.raises(OSError, match="signature"):
        read_ponder_maps(tmp_path / "text.h5")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 1
    with pytest.raises(ValueError, match="block_scopes"):
        read_ponder_maps(tmp_path / "other.h5")
    with PonderMapFile(tmp_path / "maps.h5") as file:
        file.append({"flops": np.arange(2)})
    with pytest.raises(ValueError, match=r"flops.*Received: name='maps'"):
        next(read_ponder_map_batches(tmp_path / "maps.h5", "maps"))


def test_the_disk_is_full_at_any_of_the_writes(tmp_path, monkeypatch):
    """HDF5, told so, would end the program by a segmentation fault."""
    path, really_write = tmp_path / "maps.h5", os.pwrite
    left = []

    def write(*arguments):
        if not left:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        left.pop()
        return really_write(*arguments)

    def write_maps(number_of_writes):
        left[:] = [None] * number_of_writes
        with PonderMapFile(path, {"model_type": "act"}) as file:
            for seed in range(2):
                file.append(make_maps(3, seed), {"file_names": ["a", "b", "c"]})
        return number_of_writes - len(left)

    monkeypatch.setattr(os, "pwrite", write)
    needed = write_maps(1000)
    path.unlink()
    assert 10 < needed < 1000
    for number in range(needed):
        with pytest.raises(OSError, match=f"No space left on device: '{path}'$"):
            write_maps(number)
        assert list(tmp_path.iterdir()) == []
    write_maps(needed)
    with h5py.File(path) as file:
        assert len(file["flops"]) == 6
