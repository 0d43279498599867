import dataclasses

import pytest

from sact_keras.layers import Cost


def test_a_convolution_costs_two_flops_a_multiply_accumulate():
    cost = Cost.convolution("conv", (3, 5), 7, 11, when="active", per="image", stride=2)
    expected = Cost("conv", 2 * 3 * 5 * 7 * 11, per="image", when="active", stride=2)
    assert cost == expected


def test_a_cost_is_fixed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Cost("conv", 1).flops = 2


def test_positions_are_counted_on_the_output_unless_said_otherwise():
    sizes = (33, 46), (9, 12)
    assert Cost("conv", 1).grid_size(*sizes) == (9, 12)
    assert Cost("conv", 1, stride=4).grid_size(*sizes) == (33, 46)
    assert Cost("conv", 1, stride=2, input_stride=2).grid_size(*sizes) == (17, 23)
