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
