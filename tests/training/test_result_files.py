import json

import pytest

from sact_keras.training.result_files import (
    format_json,
    format_values,
    write_result,
)


def test_a_result_is_kept_by_step_and_as_the_latest(tmp_path):
    directory = tmp_path / "eval"
    for step, text in ((3, "third"), (12, "twelfth")):
        path = write_result(directory, "rates", step=step, content=text, suffix=".json")
        assert path.read_text() == text
    names = sorted(path.name for path in directory.iterdir())
    assert names == ["rates-00000003.json", "rates-00000012.json", "rates.json"]
    assert (directory / "rates.json").read_text() == "twelfth"


def test_without_a_step_there_is_only_the_latest(tmp_path):
    path = write_result(tmp_path, "rates", step=None, content=b"png", suffix=".png")
    assert list(tmp_path.iterdir()) == [path] == [tmp_path / "rates.png"]


def test_a_result_that_cannot_be_written_leaves_the_one_before(tmp_path, monkeypatch):
    path = write_result(tmp_path, "rates", step=1, content="whole", suffix=".json")

    def fail(descriptor):
        raise OSError("no space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="no space left"):
        write_result(tmp_path, "rates", step=1, content="new", suffix=".json")
    assert path.read_text() == "whole"
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"step": None, "records": [], "names": ["a", "b"]},
        {"values": {"eval/Accuracy": 0.5, "deep": {"table": [[1, 2], [3]]}}},
        {"cases": [{"size": 1, "parts": {"a": 2}}, {}], "last": [{}]},
        {"empty": {}, "quoted": 'a "name"\n', "rows": [[], [None, True]]},
    ],
)
def test_json_can_be_read_back(content):
    assert json.loads(format_json(content)) == content


def test_json_has_a_line_for_each_row():
    table = [[0.1] * 3] * 100
    assert len(format_json({"step": 1, "rates": table}).splitlines()) == 100 + 5


def test_json_has_a_line_for_each_entry_of_dictionaries_in_a_list():
    cases = [{"size": 1, "rates": [0.5, 1.0]}] * 10
    assert len(format_json({"cases": cases}).splitlines()) == 10 * 4 + 4


def test_numbers_have_eight_digits_and_flops_are_whole():
    values = {"a": 1 / 3, "Total Flops/mean": 505775360.4, "b": -2.5e7, "c": 0.0}
    assert format_values(values).splitlines() == [
        "a[0.33333333]",
        "Total Flops/mean[505775360]",
        "b[-25000000]",
        "c[0]",
    ]
