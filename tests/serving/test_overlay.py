import numpy as np
import pytest
import tensorflow as tf
from exported_networks import draw_pixels

from sact_keras.serving.overlay import encode_overlay
from sact_keras.visualization.ponder_map_pictures import (
    colour_ponder_map,
    overlay_ponder_map,
)


@pytest.mark.parametrize("maximum", [1.0, 18.0])
def test_it_is_the_overlay_of_the_pictures(maximum):
    pixels = draw_pixels(1, 40, 30)[0].astype("uint8")
    ponder_map = np.linspace(0, maximum, 40 * 30).reshape(40, 30).astype("float32")
    png = tf.function(encode_overlay)(pixels, ponder_map, maximum)
    expected = overlay_ponder_map(pixels, colour_ponder_map(ponder_map, 0, maximum))
    found = tf.io.decode_png(png).numpy()
    # A value at the edge of two colours may be rounded to either.
    assert np.abs(found.astype(int) - expected).max() <= 2
    assert (found == expected).mean() > 0.99


def test_values_beyond_the_scale_have_its_last_colours():
    pixels = np.zeros((1, 2, 3), np.uint8)
    png = encode_overlay(pixels, tf.constant([[-1.0, 99.0]]), 18.0)
    expected = overlay_ponder_map(
        pixels, colour_ponder_map(np.array([[0.0, 18.0]]), 0, 18)
    )
    np.testing.assert_array_equal(tf.io.decode_png(png), expected)
