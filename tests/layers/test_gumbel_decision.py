"""What gates and masks have in common."""

import numpy as np
import pytest
from styles import PYTORCH

from sact_keras.layers import GateDecision, GumbelDecision, MaskDecision
from sact_keras.layers.gumbel import gumbel_noise

DECISIONS = {
    "gates": lambda **options: GateDecision([True, True], style=PYTORCH, **options),
    "masks": lambda **options: MaskDecision(2, style=PYTORCH, **options),
}


@pytest.fixture(params=DECISIONS)
def make(request):
    return DECISIONS[request.param]


def test_noise_is_that_of_the_unit_where_it_is_given(make):
    decision = make()
    assert isinstance(decision, GumbelDecision)
    draws = [np.full((3, 2), value, "float32") for value in (0.25, 0.75)]
    state = decision.start(None, noise=draws)
    for index, uniform in enumerate(draws):
        np.testing.assert_array_equal(
            decision.noise(index, (3, 2), state),
            gumbel_noise(uniform, decision.noise_epsilon),
        )


def test_noise_is_drawn_else_from_the_decisions_own_seed(make):
    first, same, other = (make(seed=seed) for seed in (1, 1, 2))
    drawn = [
        np.array([decision.noise(0, (4, 2), decision.start(None)) for _ in range(2)])
        for decision in (first, same, other)
    ]
    assert drawn[0].shape == (2, 4, 2)
    assert (drawn[0][0] != drawn[0][1]).all()
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert (drawn[0] != drawn[2]).all()


@pytest.mark.parametrize(
    ("progress", "is_noisy"), [(0.0, True), (0.5, True), (0.51, False), (1.0, False)]
)
def test_the_noise_ends(make, progress, is_noisy):
    decision = make(noise_until=0.5)
    state = decision.start(None, progress=progress)
    assert bool(decision.is_noisy(state)) == is_noisy


@pytest.mark.parametrize("noise_until", [-0.1, 1.5, float("nan")])
def test_an_end_that_is_no_share_is_refused(make, noise_until):
    with pytest.raises(ValueError, match=r"noise_until must be in \[0, 1\]\. Received"):
        make(noise_until=noise_until)
