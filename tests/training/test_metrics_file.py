import json

import pytest

from sact_keras.training.metrics_file import MetricsFile


def test_a_resumed_run_leaves_no_duplicates(tmp_path):
    file = MetricsFile(tmp_path / "metrics.jsonl")
    for step in (10, 20, 30):
        file.append(step, "train", {"loss": step / 10})
    file.rewind(20)
    file.append(30, "train", {"loss": 9.0})
    assert [(line["step"], line["loss"]) for line in file.read()] == [
        (10, 1.0),
        (20, 2.0),
        (30, 9.0),
    ]


def test_a_line_cut_short_by_a_kill_is_repaired(tmp_path):
    path = tmp_path / "metrics.jsonl"
    file = MetricsFile(path)
    file.append(10, "train", {"loss": 1.0})
    whole = path.read_bytes()
    file.append(20, "train", {"loss": 2.0})
    line = path.read_bytes()[len(whole) :]
    for length in range(1, len(line) - 1):
        path.write_bytes(whole + line[:length])
        file.rewind(20)
        assert path.read_bytes() == whole
        file.append(20, "train", {"loss": 2.0})
        assert [json.loads(text)["step"] for text in path.open()] == [10, 20]


def test_rewinding_nothing(tmp_path):
    file = MetricsFile(tmp_path / "metrics.jsonl")
    file.rewind(5)
    assert file.read() == []
    assert not file.path.exists()


def test_no_half_line_stays_where_the_disk_is_full(tmp_path, longest_file):
    file = MetricsFile(tmp_path / "metrics.jsonl")
    file.append(10, "train", {"loss": 1.0})
    whole = file.path.read_bytes()
    said = f"File too large: '{file.path}'$"
    with longest_file(len(whole) + 20), pytest.raises(OSError, match=said):
        file.append(20, "train", {"loss": 2.0})
    assert file.path.read_bytes() == whole
