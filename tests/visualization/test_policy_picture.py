"""The picture of policies."""

import io
import warnings

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from sact_keras.visualization.policy_blocks import DROPPED, SEGMENT_COLOURS
from sact_keras.visualization.policy_page import PolicyPage
from sact_keras.visualization.policy_picture import draw_policies

RED = (220, 20, 20)
DEPTHS = [(5, 5, 5), (18, 18, 18), (3, 4, 23, 3), (1, 1, 1)]


def plain_image(colour=RED, shape=(32, 32)):
    return np.full((*shape, 3), colour, np.uint8)


def picture_of(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def draw(policies, num_units=None, *, images=3, extremes=3, rows=None, **changes):
    """A picture of policies that a like share of the images has."""
    policies = np.asarray(policies)
    count, units = policies.shape
    row = [(plain_image(), "cat", used) for used in range(extremes)]
    arguments = {
        "shares": [1 / max(count, 1)] * count,
        "examples": [[plain_image()] * images] * count,
        "num_units": num_units or (units,),
        "num_unique": count,
        "unit_usage": policies.sum(axis=0) / max(count, 1),
        "blocks_used": policies.sum(axis=1).astype(int),
        "extremes": rows or {"fewest": row, "most": row},
    } | changes
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return picture_of(draw_policies(policies, **arguments))


def count_of(picture, colour):
    expected = np.multiply(to_rgb(colour), 255) if isinstance(colour, str) else colour
    return int((np.abs(picture - expected).max(axis=-1) <= 2).sum())


@pytest.mark.fast_with("1-num_units0", "8-num_units1")
@pytest.mark.parametrize("num_units", DEPTHS)
@pytest.mark.parametrize("policies", [1, 8])
def test_pictures_are_of_a_size_that_can_be_read(num_units, policies):
    generator = np.random.default_rng(0)
    rows = generator.integers(0, 2, size=(policies, sum(num_units)))
    height, width, _ = draw(rows, num_units, images=8, extremes=12).shape
    assert 1800 < width < 2300
    assert 1000 < height < 2100


@pytest.mark.parametrize("images", [1, 3])
def test_few_images_have_room_for_the_charts(images):
    few = draw(np.ones((1, 15)), (5, 5, 5), images=images, extremes=images)
    assert few.shape[1] > 1500


@pytest.mark.fast_with("num_units0", "num_units1")
@pytest.mark.parametrize("num_units", DEPTHS)
def test_blocks_are_as_many_as_are_run_and_dropped(num_units):
    units = sum(num_units)
    colours = SEGMENT_COLOURS[: len(num_units)]
    no_bars = {"unit_usage": np.zeros(units)}
    none = draw(np.zeros((1, units)), num_units, blocks_used=[0], **no_bars)
    every = draw(np.ones((1, units)), num_units, blocks_used=[units], **no_bars)
    block = count_of(none, DROPPED) / units
    # The edges of letters are as grey.
    assert count_of(every, DROPPED) < 0.5 * block
    for size, colour in zip(num_units, colours, strict=True):
        # The segment's name is in its colour, too.
        names = count_of(none, colour)
        found = (count_of(every, colour) - names) / block
        assert found == pytest.approx(size, rel=0.05)


def test_bars_are_as_high_as_blocks_are_common():
    policy = np.zeros((1, 4))
    bars = [
        count_of(draw(policy, blocks_used=[0], unit_usage=usage), SEGMENT_COLOURS[0])
        for usage in (np.zeros(4), np.full(4, 0.5), np.ones(4), [1.0, 1.0, 0.0, 0.0])
    ]
    one, two, other = (count - bars[0] for count in bars[1:])
    assert one == pytest.approx(two / 2, rel=0.02)
    assert other == pytest.approx(one, rel=0.02)


def test_each_image_is_drawn_and_of_one_size():
    areas = [
        count_of(draw([[1, 0]] * policies, images=images, extremes=extremes), RED)
        for policies, images, extremes in ((1, 1, 1), (2, 3, 1), (1, 1, 4), (3, 8, 12))
    ]
    area = areas[0] / 3
    assert area > 100**2
    assert areas[1:] == pytest.approx([8 * area, 9 * area, 48 * area], rel=0.02)


def test_images_keep_their_proportions():
    image = plain_image(shape=(60, 30))
    picture = draw([[1]], examples=[[image]], rows={"fewest": [(image, "cat", 1)]})
    is_red = np.abs(picture - RED).max(axis=-1) <= 2
    assert is_red.any(axis=0).sum() < picture.shape[1] / 2
    runs = np.flatnonzero(np.diff(is_red.any(axis=1).astype(int)))
    widths = is_red.any(axis=0).sum() / 2  # Of two, in columns of their own.
    heights = runs[1] - runs[0]
    assert heights == pytest.approx(2 * widths, rel=0.03)


@pytest.fixture
def texts(monkeypatch):
    """Records what is written."""
    written = []
    write = PolicyPage.text

    def record(self, left, text, **style):
        written.append(text)
        write(self, left, text, **style)

    monkeypatch.setattr(PolicyPage, "text", record)
    return written


def test_shares_blocks_and_classes_are_written(texts):
    long = "red-breasted merganser of the far north, Mergus serrator"
    draw(
        [[1, 0, 0], [1, 1, 0]],
        shares=[0.5, 0.125],
        num_unique=17,
        blocks_used=[1, 1, 1, 2],
        rows={"Hardest": [(plain_image(), long, 2)]},
    )
    assert texts == [
        "How often each block runs",
        "Blocks that an image runs: 1.2 of 3 on average",
        "The 2 commonest of 17 policies, which 62.5% of the images run under",
        *("50%", "1 block", "12.5%", "2 blocks"),
        "Hardest",
        "2 blocks\nred-breasted\nmerganser...",
    ]


@pytest.mark.parametrize(
    ("policies", "title"),
    [([[1, 0]], "The policy of all images"), ([[1, 0], [0, 0]], "The policies")],
)
def test_titles_where_all_policies_are_drawn(policies, title, texts):
    draw(policies)
    assert title in texts


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shares": [1.0]}, r"`policies`.*\[1, 3\].*\[2, 3\]"),
        ({"num_units": (1, 1)}, r"`policies`.*\[2, 2\].*\[2, 3\]"),
        ({"examples": [[plain_image()]]}, r"of 2 policies. Received: \[1\]"),
        ({"examples": [[plain_image()], []]}, r"Received: \[1, 0\]"),
        ({"unit_usage": np.ones(2)}, r"3 units. .*\[2\]"),
    ],
)
def test_wrong_arguments_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        draw([[1, 0, 1], [0, 0, 1]], **changes)


def test_no_policies_are_refused():
    with pytest.raises(ValueError, match=r"at least one. Received: .*\[0, 3\]"):
        draw(np.zeros((0, 3)), (3,))
