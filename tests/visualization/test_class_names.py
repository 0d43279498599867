import pytest

from sact_keras.visualization.class_names import shorten_class_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cat", "cat"),
        ("red-breasted merganser, Mergus serrator", "red-breasted\nmerganser"),
        ("American Staffordshire terrier, pit bull", "American..."),
        ("soft-coated wheaten terrier, Wheaten", "soft-coated\nwheaten..."),
        ("hippopotamuses", "hippopotamuses"),
        ("hippopotamuses'", "hippopotamuses\n'"),
    ],
)
def test_at_most_two_lines_of_the_first_name(name, expected):
    assert shorten_class_name(name, 14) == expected


def test_a_line_is_as_long_as_is_said():
    name = "American Staffordshire terrier"
    for characters in range(4, 40):
        lines = shorten_class_name(name, characters).splitlines()
        assert len(lines) <= 2
        assert max(map(len, lines)) <= characters
