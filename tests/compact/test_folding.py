"""Folded weights compute what the Keras layers do at inference."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from small_networks import with_random_weights

from sact_keras.compact.convolution import activate
from sact_keras.compact.ends import fold_head, fold_stem
from sact_keras.compact.folding import (
    fold_convolution,
    fold_norm,
    fold_preactivation,
    fold_unit,
)
from sact_keras.compact.position_execution import run_positions
from sact_keras.layers import (
    BatchNorm,
    BottleneckUnit,
    DroppableBottleneck,
    DroppableUnit,
    PostactivationBottleneck,
    PostactivationUnit,
    PreactivationUnit,
    Style,
)

LEAKY = Style(momentum=0.9, epsilon=1e-3, negative_slope=0.1)

UNITS = {
    "preactivation": lambda strides: PreactivationUnit(8, strides, style=LEAKY),
    "preactivated_shortcut": lambda strides: PreactivationUnit(
        8, strides, preactivated_shortcut=True, style=LEAKY
    ),
    "bottleneck": lambda strides: BottleneckUnit(8, strides, style=LEAKY),
    "wider_bottleneck": lambda strides: BottleneckUnit(16, strides, style=LEAKY),
    "postactivation": lambda strides: PostactivationUnit(8, strides, style=LEAKY),
    "postactivation_bottleneck": lambda strides: PostactivationBottleneck(
        16, strides, style=LEAKY
    ),
    "droppable": lambda strides: DroppableUnit(8, strides, style=LEAKY),
    "droppable_projection": lambda strides: DroppableUnit(
        16, strides, projection=True, style=LEAKY
    ),
    "droppable_bottleneck": lambda strides: DroppableBottleneck(
        16, strides, projection=True, style=LEAKY
    ),
}

draws = given(seed=st.integers(0, 2**16))


def assert_close(actual, expected):
    expected = np.asarray(expected)
    allowed = 2e-5 * max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(actual, expected, rtol=0, atol=allowed)


def random_norm(rng, channels=5):
    """A batch norm with statistics of all magnitudes; gammas of both signs, and 0."""
    norm = BatchNorm(epsilon=1e-3)
    norm.build((None, None, None, channels))
    gamma = rng.normal(size=channels) * 10.0 ** rng.uniform(-3, 1, channels)
    norm.gamma.assign(gamma * rng.choice([0.0, 1.0, 1.0, 1.0], channels))
    norm.beta.assign(rng.normal(size=channels))
    norm.moving_mean.assign(rng.normal(size=channels))
    norm.moving_variance.assign(10.0 ** rng.uniform(-4, 2, channels))
    return norm


@settings(max_examples=25, deadline=None, database=None)
@draws
def test_a_norm_by_itself(seed):
    rng = np.random.default_rng(seed)
    norm = random_norm(rng)
    features = rng.normal(size=(2, 3, 4, 5)).astype("float32")
    assert_close(fold_norm(norm)(features), norm(features))
    assert_close(fold_norm(norm, slope=0.1)(features), activate(norm(features), 0.1))


@settings(max_examples=25, deadline=None, database=None)
@draws
def test_a_preactivation_and_what_reads_it(seed):
    """Scales of 0 or below, which no activation commutes with, stay where they are."""
    rng = np.random.default_rng(seed)
    norm = random_norm(rng)
    if seed % 2:
        norm.gamma.assign(np.abs(norm.gamma) + 1e-3)
    layer = with_random_weights(built(keras.layers.Conv2D(3, 1)), seed)
    features = rng.normal(size=(2, 3, 4, 5)).astype("float32")
    left, factors = fold_preactivation(norm, 0.1)
    assert (left.scale is None) == bool(seed % 2)
    assert np.isfinite(factors).all()
    convolution = fold_convolution(layer, factors=factors)
    expected = layer(activate(norm(features), 0.1))
    assert_close(convolution(left(features)), expected)


@pytest.mark.parametrize("use_bias", [False, True])
@settings(max_examples=10, deadline=None, database=None)
@draws
def test_a_convolution_and_the_norm_behind_it(seed, use_bias):
    rng = np.random.default_rng(seed)
    norm = random_norm(rng, channels=3)
    layer = built(keras.layers.Conv2D(3, 3, padding="same", use_bias=use_bias))
    with_random_weights(layer, seed)
    features = rng.normal(size=(2, 4, 3, 5)).astype("float32")
    convolution = fold_convolution(layer, norm, slope=0.0)
    assert_close(convolution(features), activate(norm(layer(features)), 0.0))


def test_a_linear_map_is_a_convolution_of_one_position():
    layer = keras.layers.Dense(3)
    layer.build((None, 5))
    with_random_weights(layer)
    rows = np.random.default_rng(0).normal(size=(4, 5)).astype("float32")
    assert_close(fold_convolution(layer).of_rows(rows), layer(rows))


@pytest.mark.fast_with("*-(7, 6)")
@pytest.mark.parametrize("size", [(7, 6), (4, 5), (1, 1)], ids=str)
@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize("name", UNITS)
def test_units(name, strides, size):
    """Everywhere, nowhere, for some images and at some positions."""
    unit = UNITS[name](strides)
    unit.build((None, None, None, 8))
    with_random_weights(unit)
    folded, rng = fold_unit(unit), np.random.default_rng(1)
    features = rng.normal(size=(3, *size, 8)).astype("float32")
    if not name.startswith(("pre", "bottle", "wider")):
        features = np.maximum(features, 0.0)  # As they leave the unit before.
    features = tf.constant(features)
    assert folded.strides == strides
    assert_close(folded(features), unit(features))
    nowhere = np.zeros(3, "float32")
    assert_close(folded.skip(features), unit(features, execution_mask=nowhere))
    made = folded(features)
    images = tf.constant([1.0, 0.0, 1.0])
    expected = unit(features, execution_mask=images)
    assert_close(folded.choose(images > 0, made, features), expected)
    if folded.activates_dropped:
        assert_close(folded(features, images), expected)
    positions = (3, *unit.output_size(size))
    for rate in (0.0, 0.1, 0.5, 1.0):
        mask = tf.constant((rng.random(positions) < rate).astype("float32"))
        expected = unit(features, execution_mask=mask)
        assert_close(folded.choose(mask > 0, made, features), expected)
        assert_close(run_positions(folded, features, mask), expected)


@pytest.mark.parametrize("kind", ["stem", "head", "unit"])
def test_unknown_layers_are_refused(kind):
    fold = {"stem": fold_stem, "head": fold_head, "unit": fold_unit}[kind]
    with pytest.raises(TypeError, match=rf"{kind} must be .*Received: Dense"):
        fold(keras.layers.Dense(1))


def built(layer, channels=5):
    layer.build((None, None, None, channels))
    return layer
