"""Weights under which the residual of a unit is seen to be norm, ReLU, norm."""

import numpy as np
from layer_test import set_weights


def with_hand_weights(unit):
    """Builds a unit of two convolutions and one channel, whose residual is known.

    The kernels have centres alone, so that at each position it is 3 relu(2 x + 1) - 5:
    -5 for an input of -2, and 22 for one of 4.
    """
    unit.build((None, None, None, 1))
    center = np.zeros((3, 3, 1, 1), "float32")
    center[1, 1] = 1.0
    set_weights(unit.conv1, center)
    set_weights(unit.conv1_norm, [2.0], [1.0], [0.0], [1.0 - 1e-5])
    set_weights(unit.conv2, center)
    set_weights(unit.conv2_norm, [3.0], [-5.0], [0.0], [1.0 - 1e-5])
    return unit
