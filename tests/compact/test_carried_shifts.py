"""Units that hand on what the next one adds compute the same."""

import numpy as np
import pytest
import tensorflow as tf

from sact_keras.compact.affine import Affine
from sact_keras.compact.carried_shifts import carry_shifts
from sact_keras.compact.convolution import Convolution
from sact_keras.compact.unit import CompactUnit

CHANNELS = 3


def make_units(shifts, scale=None, slope=None, bias=True):
    rng = np.random.default_rng(0)
    units = []
    for shift in shifts:
        kernels = rng.normal(size=(2, 3, 3, CHANNELS, CHANNELS), scale=0.3)
        preact = None
        if shift is not None:
            values = shift * rng.normal(size=CHANNELS)
            preact = Affine(scale, values.astype("float32"), slope=0.1)
        biases = rng.normal(size=(2, CHANNELS)).astype("float32")
        convolutions = [
            Convolution(kernel.astype("float32"), value if bias else None)
            for kernel, value in zip(kernels, biases, strict=True)
        ]
        units.append(CompactUnit(convolutions, preact, slope=slope))
    return units


def run(units, features, mask=None):
    """The features behind each unit, where from the second on a mask decides."""
    states = [units[0](features)]
    for unit in units[1:]:
        made = unit(states[-1])
        if mask is not None:
            made = unit.choose(mask, made, states[-1])
        states.append(made)
    return states


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    "shifts",
    [(0.5, 1.0, 2.0), (1.0, 1.0, 0.0), (1.0, None, 1.0), (1.0, 1e3, 1.0), (1.0,)],
    ids=str,
)
def test_features_are_what_they_carry_off(shifts, masked, bias):
    rng = np.random.default_rng(1)
    features = tf.constant(rng.normal(size=(2, 5, 4, CHANNELS)).astype("float32"))
    mask = tf.constant(rng.random((2, 5, 4)) < 0.5) if masked else None
    expected = run(make_units(shifts, bias=bias), features, mask)
    units = make_units(shifts, bias=bias)
    carried = carry_shifts(units)
    for state, excess, plain in zip(
        run(units, features, mask), carried, expected, strict=True
    ):
        np.testing.assert_allclose(state - excess, plain, rtol=1e-4, atol=1e-4)
    carries = [shift is not None and 0 < shift < 1e3 for shift in shifts[1:]]
    assert [bool(excess.any()) for excess in carried] == [*carries, False]


def test_nothing_is_carried_past_an_activation_or_a_scale():
    for units in (
        make_units((1.0, 1.0), slope=0.0),
        make_units((1.0, 1.0), scale=np.full(CHANNELS, 2.0, "float32")),
    ):
        assert not np.any(carry_shifts(units))
        assert all(unit.step is None for unit in units)
