"""Compares outputs by name."""

import numpy as np
from keras import ops

COUNTS = ("flops", "macs", "num_units", "num_units_map")


def assert_same_output(name, actual, expected, tolerance, count_tolerance=0):
    """Counts must be equal, other arrays equal but for rounding.

    Rounding is held against the largest value of the array: each element is a sum of
    products as large as that, so a small one has lost as many digits as it is smaller.

    Args:
        name: The output's.
        actual: What was computed.
        expected: What is right.
        tolerance: The largest error allowed, in units of the array's largest value.
        count_tolerance: The relative error allowed of FLOPs and multiply-accumulates:
            where no integers.
    """
    actual, expected = ops.convert_to_numpy(actual), np.asarray(expected)
    if name.endswith(COUNTS):
        relative = count_tolerance if name.endswith(("flops", "macs")) else 0
        np.testing.assert_allclose(actual, expected, rtol=relative, err_msg=name)
    else:
        allowed = tolerance * np.abs(expected).max()
        np.testing.assert_allclose(actual, expected, rtol=0, atol=allowed, err_msg=name)
