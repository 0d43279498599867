"""Tests of the strip of units."""

import numpy as np
import pytest
from PIL import ImageColor

from sact_keras.visualization.policy_blocks import DROPPED, SEGMENT_COLOURS
from sact_keras.visualization.unit_strip import (
    MARGIN,
    UNIT_GAP,
    UNIT_HEIGHT,
    UNIT_WIDTH,
    draw_unit_strip,
)

EMPTY = ImageColor.getrgb(DROPPED)
FIRST, SECOND = map(ImageColor.getrgb, SEGMENT_COLOURS[:2])


def box(strip, unit):
    """The colours of a unit's box in the first block, from the top down."""
    left = MARGIN + unit * (UNIT_WIDTH + UNIT_GAP)
    return strip[MARGIN : MARGIN + UNIT_HEIGHT, left + UNIT_WIDTH // 2]


def test_units_that_ran_are_in_their_block_s_colour():
    strip = draw_unit_strip([1, 0, 1, 1], num_units=(3, 1))
    assert (box(strip, 0) == FIRST).all()
    assert (box(strip, 1) == EMPTY).all()
    assert (box(strip, 2) == FIRST).all()
    last = strip[MARGIN, -MARGIN - UNIT_WIDTH // 2]
    assert (last == SECOND).all()


def test_a_share_fills_a_box_from_below():
    colours = box(draw_unit_strip([0.25], num_units=(1,)), 0)
    is_full = (colours == FIRST).all(axis=1)
    assert is_full.sum() == UNIT_HEIGHT // 4
    assert is_full[-UNIT_HEIGHT // 4 :].all()


def test_a_network_of_many_blocks_is_drawn():
    num_units = (3, 4, 23, 3, 2)
    strip = draw_unit_strip(np.linspace(0, 1, 35), num_units)
    assert strip.shape[1] > 35 * (UNIT_WIDTH + UNIT_GAP)


@pytest.mark.parametrize("executed", [[1, 1], [1, 1.5, 0], [1, float("nan"), 0]])
def test_arguments_are_checked(executed):
    with pytest.raises(ValueError, match="`executed` must be 3 numbers"):
        draw_unit_strip(executed, num_units=(1, 2))
