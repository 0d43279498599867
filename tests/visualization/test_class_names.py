import io

import numpy as np
import pytest
from matplotlib.figure import Figure

from sact_keras.visualization.class_names import plain_text, shorten_class_name


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


def drawn(text):
    figure, picture = Figure(), io.BytesIO()
    figure.text(0.1, 0.5, text)
    figure.savefig(picture, format="raw", dpi=60)
    return np.frombuffer(picture.getvalue(), np.uint8)


def test_dollars_are_letters():
    with pytest.raises(ValueError, match=r"\$\} to \$|Parse"):
        drawn("from $} to $")
    assert np.ptp(drawn(plain_text("from $} to $"))) > 0
    one = drawn("a $")
    np.testing.assert_array_equal(drawn(plain_text("a $")), one)
