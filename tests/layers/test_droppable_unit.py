import numpy as np
import pytest
from hand_weights import with_hand_weights
from layer_test import run_layer_test
from styles import PYTORCH

from sact_keras.layers import Cost, DroppableUnit


@pytest.mark.parametrize(
    ("arguments", "output_shape", "has_projection"),
    [
        ({"filters": 4}, (2, 7, 5, 4), False),
        ({"filters": 6, "strides": 2}, (2, 4, 3, 6), False),
        ({"filters": 4, "projection": True}, (2, 7, 5, 4), False),
        ({"filters": 6, "strides": 2, "projection": True}, (2, 4, 3, 6), True),
        ({"filters": 3, "projection": True}, (2, 7, 5, 3), True),
    ],
    ids=["plain", "pooling", "projecting nothing", "projecting", "narrowing"],
)
def test_layer(arguments, output_shape, has_projection):
    run_layer_test(
        DroppableUnit,
        {"style": PYTORCH, "name": "unit_1", **arguments},
        (2, 7, 5, 4),
        expected_output_shape=output_shape,
        expected_num_trainable_weights=9 if has_projection else 6,
        expected_num_non_trainable_weights=6 if has_projection else 4,
    )


def test_value_by_hand():
    """The residual of -2 is -5 and that of 4 is 22."""
    unit = with_hand_weights(DroppableUnit(1, style=PYTORCH))
    features = np.tile(np.array([[-2.0], [4.0]], "float32"), (2, 1, 1, 1))
    outputs = unit(features, np.array([0.0, 1.0], "float32"))
    np.testing.assert_allclose(
        np.reshape(outputs, (2, 2)), [[-2.0, 4.0], [0.0, 26.0]], rtol=1e-5
    )


def test_costs_and_sizes():
    unit = DroppableUnit(6, strides=2, projection=True, style=PYTORCH)
    unit.build((None, None, None, 4))
    convolutions = [
        Cost("conv1", 2 * 9 * 4 * 6, when="dilated"),
        Cost("conv2", 2 * 9 * 6 * 6, when="active"),
    ]
    assert unit.costs() == [*convolutions, Cost("shortcut", 2 * 4 * 6)]
    assert unit.output_size((33, 47)) == (17, 24)
    # To pool and to widen is free.
    unit = DroppableUnit(6, strides=2, style=PYTORCH)
    unit.build((None, None, None, 4))
    assert unit.costs() == convolutions
