"""Every method runs under budgets, an image at a time, in either executor."""

import numpy as np
import pytest
from compact_checks import assert_equal_outputs, flat
from registry import CASES, ONE_A_METHOD, make_images, parameters

import sact_keras

BUDGETS = [0.0, 0.1, 1.0, 10.0, np.inf]
DECIDING = [case for case in CASES if case.decides]


def runs(case, images):
    """Name -> function of a budget that runs the case's model on the images."""
    model = case.shared()
    fast = sact_keras.compact(model)
    return {
        "masked": lambda budget: model(images, compute_budget=budget),
        "compact": lambda budget: fast(images, compute_budget=budget),
    }


@pytest.mark.parametrize("case", parameters(ONE_A_METHOD))
def test_each_image_has_its_own(case):
    images = make_images(5)
    masked, compact = runs(case, images).values()
    together = masked(np.array(BUDGETS, "float32"))
    assert_equal_outputs(compact(np.array(BUDGETS, "float32")), together)
    for index, budget in enumerate(BUDGETS):
        alone = flat(compact(budget))
        for name, value in flat(together).items():
            np.testing.assert_allclose(
                value[index], alone[name][index], rtol=1e-4, atol=1e-4, err_msg=name
            )


@pytest.mark.parametrize("case", parameters(ONE_A_METHOD, DECIDING))
def test_from_nothing_to_everything(case):
    images = make_images(5)
    for run in runs(case, images).values():
        trained, one = flat(run(None)), flat(run(1.0))
        for name, value in trained.items():
            np.testing.assert_array_equal(one[name], value, err_msg=name)
        shares = [
            [float(np.mean(mask)) for mask in run(budget)["masks"]]
            for budget in (0.0, 1.0, np.inf)
        ]
        # What always runs is 1 throughout, and all else is nothing at first.
        assert set(shares[0]) <= {0.0, 1.0}
        assert sum(shares[0]) < sum(shares[1]) < sum(shares[2])
        if case.model_type not in ("act", "sact"):
            assert set(shares[2]) == {1.0}
