import itertools

import numpy as np
import pytest

from sact_keras.training.schedule import learning_rate_schedule


def test_the_originals_schedule():
    schedule = learning_rate_schedule(0.1, 100_000)
    steps = [0, 60_000, 60_001, 75_000, 75_001, 90_000, 90_001, 99_999]
    rates = [float(schedule(step)) for step in steps]
    np.testing.assert_allclose(
        rates, [0.1, 0.1, 0.01, 0.01, 0.001, 0.001, 0.0001, 0.0001], rtol=1e-6
    )


@pytest.mark.parametrize("num_steps", [1, 2, 7, 400])
def test_never_rises(num_steps):
    schedule = learning_rate_schedule(0.2, num_steps)
    rates = [float(schedule(step)) for step in range(num_steps + 1)]
    assert rates[0] == pytest.approx(0.2)
    assert all(later <= earlier for earlier, later in itertools.pairwise(rates))


def test_no_steps():
    with pytest.raises(ValueError, match="num_steps=0"):
        learning_rate_schedule(0.1, 0)
