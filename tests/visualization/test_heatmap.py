"""The heatmap summary, against the original's arithmetic."""

import numpy as np
import pytest

from sact_keras.visualization import maximum_ponder_cost, ponder_heatmap


@pytest.fixture
def image():
    return np.random.default_rng(3).normal(size=(4, 6, 3))


def test_maximum_is_units_and_blocks():
    assert maximum_ponder_cost((5, 5, 5)) == 18
    assert maximum_ponder_cost([1, 4, 6]) == 14


@pytest.mark.parametrize("num_units", [(), (2, 0), (-1,)])
def test_maximum_rejects_blocks_without_units(num_units):
    with pytest.raises(ValueError, match=r"`num_units`.*Received: num_units="):
        maximum_ponder_cost(num_units)


def test_left_half_is_the_image_stretched(image):
    left = ponder_heatmap(image, np.zeros((4, 6)), maximum=1)[:, :6]
    stretched = (image - image.min()) / (image.max() - image.min())
    np.testing.assert_array_equal(left, np.rint(255 * stretched))
    assert left.min() == 0
    assert left.max() == 255


def test_border_is_black_and_as_wide_as_asked(image):
    picture = ponder_heatmap(image, np.ones((4, 6)), maximum=1, border=3)
    assert picture.shape == (4, 15, 3)
    assert picture.dtype == np.uint8
    assert not picture[:, 6:9].any()
    assert picture[:, 9:, 0].all()
    assert ponder_heatmap(image, np.ones((4, 6)), 1, border=0).shape == (4, 12, 3)


def test_right_half_is_a_quarter_of_the_image_and_the_map_in_red(image):
    ponder_map = np.linspace(0, 18, 24).reshape(4, 6)
    right = ponder_heatmap(image, ponder_map, maximum=18)[:, 11:]
    expected = 0.25 * (image - image.min()) / (image.max() - image.min())
    expected[..., 0] += 0.75 * ponder_map / 18
    np.testing.assert_array_equal(right, np.rint(255 * expected))


def test_full_red_on_white_is_the_brightest_value():
    image = np.ones((1, 2, 3))
    image[0, 0] = 0
    picture = ponder_heatmap(image, np.full((1, 2), 18.0), maximum=18, border=0)
    np.testing.assert_array_equal(picture[0, 2], [191, 0, 0])
    np.testing.assert_array_equal(picture[0, 3], [255, 64, 64])


def test_shifting_or_scaling_the_image_changes_nothing(image):
    ponder_map = np.arange(24.0).reshape(4, 6)
    np.testing.assert_array_equal(
        ponder_heatmap(4 * image - 8, ponder_map, 24),
        ponder_heatmap(image, ponder_map, 24),
    )


def test_image_of_one_value_is_black():
    picture = ponder_heatmap(np.full((2, 2, 3), 7.0), np.zeros((2, 2)), maximum=1)
    assert not picture.any()


def test_arguments_are_left_as_they_were(image):
    before = image.copy()
    ponder_heatmap(image, np.zeros((4, 6)), maximum=1)
    np.testing.assert_array_equal(image, before)


def test_rounding_above_the_maximum_is_drawn_as_the_maximum(image):
    rounded = np.full((4, 6), np.float32(18.0001))
    exact = np.full((4, 6), 18.0)
    np.testing.assert_array_equal(
        ponder_heatmap(image, rounded, 18), ponder_heatmap(image, exact, 18)
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image": np.zeros((4, 6))}, r"`image`.*shape \(4, 6\)"),
        ({"image": np.zeros((4, 6, 1))}, r"`image`.*shape \(4, 6, 1\)"),
        ({"image": np.zeros((0, 6, 3))}, r"`image`.*shape \(0, 6, 3\)"),
        ({"image": np.full((4, 6, 3), np.nan)}, r"`image` must be finite"),
        ({"ponder_map": np.zeros((6, 4))}, r"height and width, \(4, 6\).*\(6, 4\)"),
        ({"ponder_map": np.zeros((1, 4, 6))}, r"`ponder_map`.*\(1, 4, 6\)"),
        ({"ponder_map": np.full((4, 6), 18.5)}, r"maximum=18\].*18.5"),
        ({"ponder_map": np.full((4, 6), -1)}, r"maximum=18\].*-1"),
        ({"ponder_map": np.full((4, 6), np.nan)}, r"maximum=18\].*nan"),
        ({"maximum": 0}, r"`maximum`.*maximum=0"),
        ({"maximum": np.inf}, r"`maximum`.*maximum=inf"),
        ({"border": -1}, r"`border`.*border=-1"),
        ({"border": 2.5}, r"`border`.*border=2.5"),
    ],
)
def test_wrong_arguments_are_named(image, changes, message):
    arguments = {"image": image, "ponder_map": np.zeros((4, 6)), "maximum": 18}
    with pytest.raises(ValueError, match=message):
        ponder_heatmap(**(arguments | changes))
