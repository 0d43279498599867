"""The benchmark of ImageNet's pipeline: all take turns over the same images."""

import functools
import time

import numpy as np
import pytest
import tensorflow as tf

from benchmarks import imagenet_pipeline


def jpeg(height, width):
    pixels = np.random.default_rng(height).integers(0, 256, (height, width, 3))
    return tf.io.encode_jpeg(pixels.astype(np.uint8)).numpy()


@pytest.mark.slow
def test_every_turn_goes_through_all_images(tmp_path):
    encoded = [jpeg(40 + n, 30) for n in range(6)]
    imagenet_pipeline.write_records(tmp_path, encoded)
    assert list(imagenet_pipeline.read_images(str(tmp_path), "validation")) == encoded
    arguments = imagenet_pipeline.parse_arguments(["--batch_size=3", "--image_size=8"])
    turns = imagenet_pipeline.make_turns(tmp_path, encoded, arguments)
    rates = imagenet_pipeline.measure(turns, rounds=2)
    assert {name: turn()[0] for name, turn in turns.items()} == dict.fromkeys(turns, 6)
    assert all(len(values) == 2 for values in rates.values())


def test_turns_change_their_order():
    order = []

    def turn(name):
        order.append(name)
        return 1, time.perf_counter()

    turns = {name: functools.partial(turn, name) for name in "ab"}
    imagenet_pipeline.measure(turns, rounds=2)
    assert order == [*"ab", *"ab", *"ba"]


def test_report_compares_with_the_first():
    measured = imagenet_pipeline.Measured
    alone = [measured(rate, 300.0) for rate in (100.0, 300.0, 200.0)]
    text = imagenet_pipeline.report({"alone": alone, "all": [measured(150.0, 400.0)]})
    assert "200 images/s (100 to 300), 1.00 of decoding alone" in text
    assert "0.75 of decoding alone;   400 us of work an image, 0.75" in text


def test_enlarged_images_are_as_large_as_asked_for():
    encoded = imagenet_pipeline.enlarge(jpeg(30, 40), 100)
    assert tf.io.decode_jpeg(encoded).shape == (75, 100, 3)


def test_absent_data_is_said(tmp_path):
    with pytest.raises(SystemExit, match="no ImageNet"):
        list(imagenet_pipeline.read_images(str(tmp_path), "validation"))
