"""What the benchmarks' command lines have in common."""

import argparse

import pytest

from benchmarks import command_line


def test_what_is_read():
    assert command_line.list_of(command_line.positive)("8,1") == [8, 1]
    assert command_line.number_between(0, 1)("0.25") == 0.25
    assert command_line.choices_of("a", "b")("b,a,b") == ["b", "a"]


def test_a_file_whose_directory_exists(tmp_path):
    path = tmp_path / "found.json"
    assert command_line.new_file(str(path)) == path


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (command_line.positive, "0"),
        (command_line.positive, "1.5"),
        (command_line.number_between(0, 1), "1.01"),
        (command_line.number_between(0, 1), "nan"),
        (command_line.number_between(0, 1), "half"),
        (command_line.choices_of("a", "b"), "c"),
        (command_line.new_file, "absent/found.json"),
    ],
)
def test_what_is_refused(parse, text):
    with pytest.raises(argparse.ArgumentTypeError, match=f"Received: '{text}'"):
        parse(text)


def test_flags_of_comparisons():
    parser = command_line.make_parser("speed", "Measures.")
    command_line.add_comparison(parser)
    parsed = parser.parse_args(["--rounds=3"])
    assert (parsed.rounds, parsed.json) == (3, None)
    assert parsed.threads >= 1
    assert parser.format_usage().startswith("usage: python -m benchmarks.speed ")
