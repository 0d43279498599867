import pytest
from layer_test import run_layer_test
from styles import PYTORCH

from sact_keras.layers import Cost, DroppableBottleneck


@pytest.mark.parametrize(
    ("arguments", "output_shape", "has_projection"),
    [
        ({"filters": 8}, (2, 7, 5, 8), False),
        ({"filters": 12, "strides": 2}, (2, 4, 3, 12), False),
        ({"filters": 8, "projection": True}, (2, 7, 5, 8), False),
        ({"filters": 12, "strides": 2, "projection": True}, (2, 4, 3, 12), True),
        ({"filters": 4, "projection": True}, (2, 7, 5, 4), True),
    ],
    ids=["plain", "pooling", "projecting nothing", "projecting", "narrowing"],
)
def test_layer(arguments, output_shape, has_projection):
    run_layer_test(
        DroppableBottleneck,
        {"style": PYTORCH, "name": "unit_1", **arguments},
        (2, 7, 5, 8),
        expected_output_shape=output_shape,
        expected_num_trainable_weights=12 if has_projection else 9,
        expected_num_non_trainable_weights=8 if has_projection else 6,
    )


@pytest.mark.parametrize("projection", [False, True])
def test_costs(projection):
    unit = DroppableBottleneck(12, strides=2, projection=projection, style=PYTORCH)
    unit.build((None, None, None, 8))
    assert unit.costs() == [
        Cost("conv1", 2 * 8 * 3, when="dilated", stride=2),
        Cost("conv2", 2 * 9 * 3 * 3, when="active"),
        Cost("conv3", 2 * 3 * 12, when="active"),
        *[Cost("shortcut", 2 * 8 * 12)] * projection,
    ]


def test_channels_that_do_not_divide_are_refused():
    with pytest.raises(ValueError, match=r"multiple of 4\. Received: filters=6"):
        DroppableBottleneck(6, style=PYTORCH)
