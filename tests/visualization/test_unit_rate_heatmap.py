"""The picture of how often each unit runs."""

import io

import numpy as np
import pytest
from matplotlib.axes import Axes
from PIL import Image

from sact_keras.visualization.unit_rate_heatmap import draw_unit_rates

# Colours of matplotlib's "viridis", and of what is not there.
NEVER = (68, 1, 84)
HALF = (33, 145, 140)
ALWAYS = (253, 231, 36)
ABSENT = (191, 191, 191)


def draw(rates, num_units=None, names=None, **arguments):
    rates = np.asarray(rates, float)
    names = names or [f"class {i}" for i in range(len(rates))]
    mean = arguments.pop("mean_rates", None)
    mean = np.nanmean(rates, axis=0) if mean is None else mean
    png = draw_unit_rates(rates, mean, names, num_units or rates.shape[1:], **arguments)
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def share_of(picture, colour):
    """The share of the picture's pixels that are near to a colour."""
    return float((np.abs(picture - colour).max(axis=-1) <= 2).mean())


@pytest.fixture
def drawn_rows(monkeypatch):
    """Records the arrays that are drawn: what is above the classes, and the classes."""
    arrays = []
    imshow = Axes.imshow

    def record(self, values, **arguments):
        arrays.append(np.ma.filled(values, np.nan))
        return imshow(self, values, **arguments)

    monkeypatch.setattr(Axes, "imshow", record)
    return arrays


@pytest.mark.parametrize(
    ("rate", "colour"), [(0.0, NEVER), (0.5, HALF), (1.0, ALWAYS), (np.nan, ABSENT)]
)
def test_colours_go_from_zero_to_one_whatever_the_rates(rate, colour):
    picture = draw(np.full((3, 4), rate), mean_rates=np.full(4, 0.3))
    assert share_of(picture, colour) > 0.3


def test_a_row_for_each_class_below_the_mean(drawn_rows):
    rates = [[1.0, 0.0], [np.nan, np.nan], [0.5, 0.5]]
    draw(rates, mean_rates=[0.75, 0.25])
    above, classes = drawn_rows
    np.testing.assert_array_equal(above, [[0.75, 0.25]])
    np.testing.assert_array_equal(classes, rates)


def test_what_was_decided_by_no_numbers_is_grey(drawn_rows):
    rates = np.array([[0.5, np.nan], [1.0, np.nan]])
    draw(rates, mean_rates=[0.75, np.nan])
    above, classes = drawn_rows
    np.testing.assert_array_equal(above, [[0.75, np.nan]])
    np.testing.assert_array_equal(classes, rates)


def test_target_rates_stand_above_the_mean(drawn_rows):
    draw([[0.5, 0.5]], target_rates=(1.0, 0.6))
    np.testing.assert_array_equal(drawn_rows[0], [[1.0, 0.6], [0.5, 0.5]])


def test_many_classes_are_sorted_and_the_absent_are_last(drawn_rows):
    rates = np.random.default_rng(0).uniform(size=(101, 2))
    rates[7] = np.nan
    draw(rates)
    drawn = drawn_rows[1]
    means = drawn.mean(axis=1)
    assert np.isnan(means[-1])
    assert (np.diff(means[:-1]) >= 0).all()
    assert sorted(map(tuple, drawn[:-1])) == sorted(map(tuple, np.delete(rates, 7, 0)))


@pytest.mark.parametrize(
    ("classes", "num_units", "most_pixels"),
    [
        (10, (18, 18, 18), (2400, 800)),
        (10, (5, 5, 5), (1200, 800)),
        (10, (1, 1, 1), (1200, 800)),
        (100, (5, 5, 5), (1200, 3600)),
        (1000, (3, 4, 6, 3), (1200, 1600)),
        (1001, (3, 4, 23, 3), (1600, 1600)),
    ],
)
def test_pictures_are_of_a_size_that_can_be_read(classes, num_units, most_pixels):
    rates = np.random.default_rng(0).uniform(size=(classes, sum(num_units)))
    height, width, _ = draw(rates, num_units).shape
    assert width <= most_pixels[0]
    assert height <= most_pixels[1]
    if classes > 100:
        assert height > classes  # At least a row of pixels for each.
    else:
        assert height > 25 * classes  # Room for a label.


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rates": np.ones((2, 3))}, r"\[2, 2\].*\[2, 3\]"),
        ({"class_names": ["a"]}, r"\[1, 2\].*\[2, 2\]"),
        ({"num_units": (3, 1)}, r"\[2, 4\]"),
        ({"mean_rates": [1.0]}, r"2 units. .*shape \[1\]"),
        ({"target_rates": [1.0, 0.5, 0.5]}, r"2 units. .*shape \[3\]"),
        ({"rates": [[0.0, 1.1], [0.0, 0.0]]}, "`rates` must be in .* 1.1"),
        ({"mean_rates": [np.nan, -0.1]}, "`mean_rates` must .* from -0.1 to -0.1"),
        ({"target_rates": [np.nan, 0.0]}, "`target_rates` must be in .* nan"),
        ({"rates": np.ones((0, 2)), "class_names": []}, r"\[0, 2\]"),
    ],
)
def test_wrong_arguments_are_named(changes, message):
    arguments = {
        "rates": np.ones((2, 2)),
        "mean_rates": [0.5, 0.5],
        "class_names": ["a", "b"],
        "num_units": (1, 1),
        "target_rates": None,
    } | changes
    with pytest.raises(ValueError, match=message):
        draw_unit_rates(**arguments)
